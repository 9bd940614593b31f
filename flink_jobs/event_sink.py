"""The main job's end: events of every topic but ``boards`` into Kafka, exactly once, in Java alone.

A table rather than a DataStream connector, because only a table writes a key, a timestamp and a topic per record.
"""

from __future__ import annotations

from typing import get_type_hints

from pyflink.common import Types
from pyflink.datastream import DataStream
from pyflink.table import StatementSet, StreamTableEnvironment

from flink_jobs import kafka_options, sql
from flink_jobs.flink_types import stream_types
from zielzeit import topics
from zielzeit.berlin_time import MINUTE
from zielzeit.events.topic_record import Record
from zielzeit.lake.columns import arrow_type
from zielzeit.settings import Settings

_FIELDS = get_type_hints(Record)
RECORDS = Types.ROW_NAMED(list(_FIELDS), list(map(Types.OBJECT_ARRAY, stream_types(map(arrow_type, _FIELDS.values())))))
"""Type of the rows that ``udfs.records.batch`` makes: an array for each field of ``Record``.

Not one array of rows: in thread mode PyFlink 2.3.0 hands the same Java row to all of its elements.
"""

_LONGEST_BLOCK = 3 * MINUTE
"""Milliseconds for which a producer waits for the broker; Kafka's default is one minute."""
TABLE = "events"
"""The sink in Flink's dashboard, and its uid."""


def write(tables: StreamTableEnvironment, statements: StatementSet, records: DataStream, settings: Settings) -> None:
    """Send the records of ``RECORDS`` rows to their topics, exactly once: a transaction per checkpoint and subtask."""
    options = {
        "connector": "kafka",
        "topic": ";".join(settings.topic(name) for name in topics.ALL if name != topics.BOARDS),
        "key.format": "raw",
        "key.fields": "key",
        "value.format": "raw",
        "value.fields-include": "EXCEPT_KEY",
        "sink.delivery-guarantee": "exactly-once",
        "sink.transactional-id-prefix": f"{settings.topic_prefix}{settings.group_id}",
        # Longer than a checkpoint plus the longest restart: the broker aborts a transaction that is open for longer,
        # and its records are lost.
        "properties.transaction.timeout.ms": str(settings.transaction_timeout_minutes * MINUTE),
        # A broker that is away for a while makes a checkpoint slow, which an alert tells, instead of failing the job.
        "properties.max.block.ms": str(_LONGEST_BLOCK),
    } | kafka_options.client(settings)
    fields = [
        "`topic` STRING METADATA",
        "`key` STRING",
        "`value` BYTES",
        "`at` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'",
    ]
    tables.execute_sql(sql.create(TABLE, fields, options))
    tables.create_temporary_view("records", records)
    prefix = sql.text(settings.topic_prefix)
    fields_of_each = f"{prefix} || `each`, `key`[`n`], `value`[`n`], TO_TIMESTAMP_LTZ(`at`[`n`], 3)"
    each = "records CROSS JOIN UNNEST(`topic`) WITH ORDINALITY AS numbered (`each`, `n`)"
    statements.add_insert_sql(f"INSERT INTO {TABLE} SELECT {fields_of_each} FROM {each}")  # noqa: S608
