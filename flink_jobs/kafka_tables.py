"""The job's two ends as Flink tables: boards in, every other topic out. Both run in Java alone.

Tables rather than DataStream connectors, because only they give Python the record's partition and offset, assign the
watermark per partition, and write a key, a timestamp and a topic per record (DESIGN.md section 7).
"""

from __future__ import annotations

from pyflink.common import Types
from pyflink.datastream import DataStream, StreamExecutionEnvironment
from pyflink.table import StatementSet, StreamTableEnvironment

from flink_jobs import archive_source, sql
from flink_jobs.streams import pair
from zielzeit import topics
from zielzeit.berlin_time import MINUTE
from zielzeit.settings import Settings

BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())

RECORD = Types.ROW_NAMED(
    ["topic", "record_key", "record_value", "at"],
    [Types.STRING(), Types.STRING(), BYTES, Types.LONG()],
)
"""A record for Kafka: topic without prefix, key, JSON, event time in milliseconds since 1970 UTC."""

BOARD = pair(Types.STRING(), Types.ROW_NAMED(["body", "partition", "offset"], [BYTES, Types.INT(), Types.LONG()]))
"""A board under its station: its value, packed or not, and where it stands in the topic."""

SINK = "events"


def boards(env: StreamExecutionEnvironment, tables: StreamTableEnvironment, settings: Settings) -> DataStream:
    """``Row(station, Row(body, partition, offset))`` of the topic ``boards``; its timestamp is ``polled_at``.

    Before them, where the settings say so, those that the lake keeps. The watermark is the latest ``polled_at`` of each
    partition; how late a board may be is the decision's ``grace``.
    """
    sources = ["boards"]
    start: dict[str, str] = {}
    if settings.start_from == "archive":
        start = archive_source.add(env, tables, settings)
        sources.append(archive_source.VIEW)
    options = (
        scan(settings, topics.BOARDS)
        | start
        | {
            "key.format": "raw",
            "key.fields": "station",
            "value.format": "raw",
            "value.fields-include": "EXCEPT_KEY",
            "scan.watermark.idle-timeout": f"{settings.idle_timeout_seconds:g} s",
        }
    )
    fields = [
        "station STRING",
        "body BYTES",
        "source_partition INT METADATA FROM 'partition' VIRTUAL",
        "source_offset BIGINT METADATA FROM 'offset' VIRTUAL",
        "polled_at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL",
        "WATERMARK FOR polled_at AS polled_at",
    ]
    tables.execute_sql(sql.create("boards", fields, options))
    select = "SELECT COALESCE(station, ''), ROW(body, source_partition, source_offset), polled_at FROM "
    by_station = tables.sql_query(" UNION ALL ".join(select + source for source in sources))
    # The older conversion, because the newer one's type is none that a keyed Python function can read; the third field
    # is there to become the record's timestamp.
    return tables.to_append_stream(by_station, Types.ROW([*BOARD.get_field_types(), Types.INSTANT()]))


def write(tables: StreamTableEnvironment, statements: StatementSet, records: DataStream, settings: Settings) -> None:
    """Send ``RECORD`` rows to their topics, exactly once: a transaction per checkpoint and subtask."""
    options = {
        "connector": "kafka",
        "topic": ";".join(settings.topic(name) for name in topics.ALL if name != topics.BOARDS),
        "key.format": "raw",
        "key.fields": "record_key",
        "value.format": "raw",
        "value.fields-include": "EXCEPT_KEY",
        "sink.delivery-guarantee": "exactly-once",
        "sink.transactional-id-prefix": f"{settings.topic_prefix}{settings.group_id}",
        # Longer than a checkpoint and the longest restart: an aborted transaction would be lost records.
        "properties.transaction.timeout.ms": str(settings.transaction_timeout_minutes * MINUTE),
    } | _client(settings)
    fields = [
        "topic STRING METADATA",
        "record_key STRING",
        "record_value BYTES",
        "event_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'",
    ]
    tables.execute_sql(sql.create(SINK, fields, options))
    tables.create_temporary_view("records", records)
    prefix = sql.text(settings.topic_prefix)
    select = f"SELECT {prefix} || topic, record_key, record_value, TO_TIMESTAMP_LTZ(`at`, 3) FROM records"  # noqa: S608
    statements.add_insert_sql(f"INSERT INTO {SINK} {select}")


def scan(settings: Settings, *names: str) -> dict[str, str]:
    """Options of a Kafka source that reads topics from where the settings say; the formats are left to the caller."""
    options = {
        "connector": "kafka",
        "topic": ";".join(map(settings.topic, names)),
        "scan.startup.mode": settings.start_from,
        "properties.group.id": settings.group_id,
        "properties.auto.offset.reset": "earliest",
    } | _client(settings)
    if settings.bounded:
        options["scan.bounded.mode"] = "latest-offset"
    return options


def _client(settings: Settings) -> dict[str, str]:
    """The Java client's properties that reach and authenticate at the broker."""
    config = settings.kafka_client_config()
    properties = {
        "properties.bootstrap.servers": config["bootstrap.servers"],
        "properties.security.protocol": config["security.protocol"],
    }
    if "sasl.mechanism" in config:
        module = {
            "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
        }.get(config["sasl.mechanism"], "org.apache.kafka.common.security.scram.ScramLoginModule")
        user, password = (_quoted(config[name]) for name in ("sasl.username", "sasl.password"))
        properties["properties.sasl.mechanism"] = config["sasl.mechanism"]
        properties["properties.sasl.jaas.config"] = f"{module} required username={user} password={password};"
    return properties


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
