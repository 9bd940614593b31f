"""The storage job: what the topics carry, as Parquet by day, exactly once. Java alone, not a line of Python at work.

A job of its own: the topics stay the truth, a full disk or an unreachable store stops no prediction, and its
checkpoints come minutes apart, for each one ends a file. Files are seen once they are whole: those in progress begin
with a dot.

Every stream has a table of its own and nothing is joined or grouped, so each row follows from one record; what was
written up to a checkpoint is what was read up to it.
"""

from __future__ import annotations

import logging

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StatementSet, StreamTableEnvironment

from flink_jobs import kafka_tables, sql
from zielzeit import settings as configuration
from zielzeit.lake.table_definitions import DAY, TABLES, Column, Table
from zielzeit.settings import Settings

_ROW_GROUP_BYTES = 16 << 20
"""A replay fills many days at once, and each open file keeps a row group in memory."""

_JSON = {"format": "json", "json.fail-on-missing-field": "false", "json.ignore-parse-errors": "false"}
_RAW = {"key.format": "raw", "key.fields": "station", "value.format": "raw", "value.fields-include": "EXCEPT_KEY"}
_METADATA = {
    "timestamp": "TIMESTAMP_LTZ(3)",
    "partition": "INT",
    "offset": "BIGINT",
    "headers": "MAP<STRING, BYTES>",
}


def lay_out(table_env: StreamTableEnvironment, settings: Settings) -> StatementSet:
    """The job's statements; ``execute`` runs them."""
    # Days are Berlin's, in every expression.
    table_env.get_config().set_local_timezone("Europe/Berlin")
    statements = table_env.create_statement_set()
    for table in TABLES:
        table_env.execute_sql(source(table, settings))
        table_env.execute_sql(sink(table, settings))
        statements.add_insert_sql(insert(table))
    return statements


def source(table: Table, settings: Settings) -> str:
    """The DDL that reads a table's topics."""
    options = kafka_tables.scan(settings, *table.topics)
    # What an aborted transaction of the main job left behind never happened.
    options["properties.isolation.level"] = "read_committed"
    if table.event is None:
        fields = [f"{sql.name('station')} STRING", f"{sql.name('body')} BYTES"]
        fields += [f"{sql.name(key)} {type_} METADATA VIRTUAL" for key, type_ in _METADATA.items()]
        return sql.create(f"topic_{table.name}", fields, options | _RAW)
    wanted = {column.source: _wire_type(column) for column in table.columns} | {table.day: "STRING"}
    return sql.create(
        f"topic_{table.name}", [f"{sql.name(key)} {type_}" for key, type_ in wanted.items()], options | _JSON
    )


def sink(table: Table, settings: Settings) -> str:
    """The DDL of a table's Parquet files."""
    fields = [f"{sql.name(column.name)} {column.type}" for column in table.columns]
    options = {
        "connector": "filesystem",
        "path": f"{settings.lake_uri}/{table.name}",
        "format": "parquet",
        "parquet.compression": "ZSTD",
        "parquet.block.size": str(_ROW_GROUP_BYTES),
        # Instants as readers know them; without these they come as 96 bits of local time.
        "parquet.utc-timezone": "true",
        "parquet.write.int64.timestamp": "true",
        "parquet.timestamp.time.unit": "millis",
    }
    return sql.create(table.name, [*fields, f"{sql.name(DAY)} STRING"], options, partitioned_by=DAY)


def insert(table: Table) -> str:
    """The statement that carries records over."""
    day = sql.name(table.day)
    if table.event is None:
        day = f"DATE_FORMAT({day}, 'yyyy-MM-dd')"
    elif (table.day, "TIMESTAMP_LTZ(3)") in ((column.source, column.type) for column in table.columns):
        day = f"DATE_FORMAT({sql.instant(day)}, 'yyyy-MM-dd')"
    values = ", ".join([*map(_value, table.columns), day])
    return f"INSERT INTO {sql.name(table.name)} SELECT {values} FROM {sql.name(f'topic_{table.name}')}"  # noqa: S608


def _wire_type(column: Column) -> str:
    """How Flink's JSON format can read it: its times know no offset but ``Z``."""
    if column.member:
        return "MAP<STRING, DOUBLE>"
    return "STRING" if column.type == "TIMESTAMP_LTZ(3)" else column.type


def _value(column: Column) -> str:
    field = sql.name(column.source)
    if column.source == "headers":
        return f"DECODE({field}[{sql.text(column.member)}], 'UTF-8')"
    if column.member:
        return f"{field}[{sql.text(column.member)}]"
    if column.type == "TIMESTAMP_LTZ(3)" and column.source not in _METADATA:
        return sql.instant(field)
    return field


def main() -> None:
    """Entry point of ``flink run``: settings come from the environment of the client."""
    settings = configuration.load()
    logging.getLogger(__name__).info("settings: %s", settings)
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(settings.parallelism)
    table_env = StreamTableEnvironment.create(env)
    table_env.get_config().set("pipeline.name", settings.store_name)
    lay_out(table_env, settings).execute()


if __name__ == "__main__":
    main()
