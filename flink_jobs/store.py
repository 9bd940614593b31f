"""The storage job: records of the topics to Parquet files by day, exactly once. It runs in Java alone, as SQL.

It is a job of its own, so that a full disk or an unreachable store stops no prediction; its checkpoints are minutes
apart, because each one ends a file. A file in progress has a name that begins with a dot.

Each table has its own source and sink and nothing is joined or grouped: each row follows from one record, and the rows
written up to a checkpoint are the records read up to it.
"""

from __future__ import annotations

import msgspec
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StatementSet, StreamTableEnvironment

from flink_jobs import kafka_options, operator_names, sql
from flink_jobs.environment import environment
from flink_jobs.flink_types import sql_type, wire_type
from flink_jobs.operator_names import TOPIC_TABLE
from zielzeit import settings as configuration
from zielzeit import topics
from zielzeit.boards.record import HEADERS
from zielzeit.lake.columns import TIME, Column
from zielzeit.lake.table_definitions import DAY, TABLES, Table
from zielzeit.settings import Settings

_ROW_GROUP_BYTES = 16 << 20
"""Size of a Parquet row group, bytes. A replay writes many days at once, and each open file holds one in memory."""

_JSON = {"format": "json", "json.fail-on-missing-field": "false", "json.ignore-parse-errors": "false"}
_HEADERS = f"{sql.name('headers')} MAP<STRING, BYTES> METADATA VIRTUAL"


def build(env: StreamExecutionEnvironment, settings: Settings) -> None:
    """Lay out the job's graph; ``env.execute`` runs it."""
    _statements(StreamTableEnvironment.create(env), settings).attach_as_datastream()
    operator_names.shorten(env)


def _statements(table_env: StreamTableEnvironment, settings: Settings) -> StatementSet:
    """Return the job's statements, one INSERT per table."""
    # DATE_FORMAT takes days in this zone.
    table_env.get_config().set_local_timezone("Europe/Berlin")
    statements = table_env.create_statement_set()
    for table in TABLES:
        table_env.execute_sql(source(table, settings))
        table_env.execute_sql(sink(table, settings))
        statements.add_insert_sql(insert(table))
    return statements


def source(table: Table, settings: Settings) -> str:
    """The DDL that reads a table's topics."""
    options = kafka_options.scan(settings, *table.topics)
    if table.name == topics.BOARDS:
        read = [column.name for column in table.columns if column.name not in HEADERS]
        fields = [*kafka_options.board_columns(read), _HEADERS]
        return sql.create(_source_name(table), fields, options | kafka_options.RAW_BOARDS)
    used = {column.path[0] for column in table.columns} | {table.day}
    fields = [
        f"{sql.name(field.name)} {wire_type(field.type)}"
        for field in msgspec.structs.fields(table.event)
        if field.name in used
    ]
    return sql.create(_source_name(table), fields, options | _JSON)


def sink(table: Table, settings: Settings) -> str:
    """The DDL of a table's Parquet files."""
    fields = [f"{sql.name(column.name)} {sql_type(column.type)}" for column in table.columns]
    options = {
        "connector": "filesystem",
        "path": f"{settings.lake_uri}/{table.name}",
        "format": "parquet",
        "parquet.compression": "ZSTD",
        "parquet.block.size": str(_ROW_GROUP_BYTES),
        # Without these options Flink writes instants as 96 bits of local time.
        "parquet.utc-timezone": "true",
        "parquet.write.int64.timestamp": "true",
        "parquet.timestamp.time.unit": "millis",
    }
    return sql.create(table.name, [*fields, f"{sql.name(DAY)} STRING"], options, partitioned_by=DAY)


def insert(table: Table) -> str:
    """The INSERT statement that copies a table's records to rows."""
    is_board = table.name == topics.BOARDS
    day = sql.name(table.day)
    if table.day_is_time:
        day = f"DATE_FORMAT({day if is_board else sql.instant(day)}, 'yyyy-MM-dd')"
    value = _value_of_board if is_board else _value_of_event
    values = ", ".join([*map(value, table.columns), day])
    return f"INSERT INTO {sql.name(table.name)} SELECT {values} FROM {sql.name(_source_name(table))}"  # noqa: S608


def _source_name(table: Table) -> str:
    return TOPIC_TABLE + table.name


def _value_of_board(column: Column) -> str:
    header = HEADERS.get(column.name)
    return f"DECODE(headers[{sql.text(header)}], 'UTF-8')" if header else sql.name(column.name)


def _value_of_event(column: Column) -> str:
    value = ".".join(map(sql.name, column.path))
    if column.key:
        value = f"{value}[{sql.text(column.key)}]"
    return sql.instant(value) if column.type == TIME else value


def main() -> None:
    """Entry point of ``flink run``: settings come from the environment of the client."""
    settings = configuration.load()
    env = environment(settings)
    build(env, settings)
    env.execute(settings.store_name)


if __name__ == "__main__":
    main()
