"""The main job's end: events of every topic but ``boards`` into Kafka, exactly once, in Java alone.

A table rather than a DataStream connector, because only a table writes a key, a timestamp and a topic per record.
"""

from __future__ import annotations

from pyflink.common import Types
from pyflink.datastream import DataStream
from pyflink.table import StatementSet, StreamTableEnvironment

from flink_jobs import kafka_options, sql
from zielzeit import topics
from zielzeit.berlin_time import MINUTE
from zielzeit.settings import Settings

RECORD = Types.ROW_NAMED(
    ["topic", "record_key", "record_value", "at"],
    [Types.STRING(), Types.STRING(), Types.PRIMITIVE_ARRAY(Types.BYTE()), Types.LONG()],
)
"""Type of ``zielzeit.events.topic_record.Record``: topic without prefix, key, JSON, event time in ms since 1970 UTC."""

_TABLE = "events"


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
        # Longer than a checkpoint plus the longest restart: the broker aborts a transaction that is open for longer,
        # and its records are lost.
        "properties.transaction.timeout.ms": str(settings.transaction_timeout_minutes * MINUTE),
    } | kafka_options.client(settings)
    fields = [
        "topic STRING METADATA",
        "record_key STRING",
        "record_value BYTES",
        "event_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'",
    ]
    tables.execute_sql(sql.create(_TABLE, fields, options))
    tables.create_temporary_view("records", records)
    prefix = sql.text(settings.topic_prefix)
    select = f"SELECT {prefix} || topic, record_key, record_value, TO_TIMESTAMP_LTZ(`at`, 3) FROM records"  # noqa: S608
    statements.add_insert_sql(f"INSERT INTO {_TABLE} {select}")
