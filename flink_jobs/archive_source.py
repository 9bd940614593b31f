"""Boards of the lake for a job that begins in the past, and the offset where the topic continues after them.

Both sources are read from the start of the job, and event time is the earlier of the two: while the archive lasts,
boards of the topic wait in the decision's state. So no board is lost between the two, and a board that is in both
counts once. The archive's source stays idle after its last board instead of ending: a source that ends sends the last
watermark, and if no board has come from the topic by then, every later board would be late.
"""

from __future__ import annotations

import pyarrow as pa
from pyflink.common import Types, WatermarkStrategy
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.datastream.connectors.number_seq import NumberSequenceSource
from pyflink.table import Schema, StreamTableEnvironment

from flink_jobs.flink_types import stream_types
from udfs.archive import ReadArchive
from zielzeit import topics
from zielzeit.boards.record import TIMESTAMP
from zielzeit.errors import UserError
from zielzeit.lake.board_archive import JOB_COLUMNS, Archive, Span
from zielzeit.settings import Settings

VIEW = "archived"

_MILLISECONDS = "milliseconds"
_BOARD = Types.ROW_NAMED(
    [_MILLISECONDS if name == TIMESTAMP else name for name in JOB_COLUMNS],
    stream_types(pa.int64() if name == TIMESTAMP else kind for name, kind in JOB_COLUMNS.items()),
)
_FOREVER = 2**62


def add(env: StreamExecutionEnvironment, tables: StreamTableEnvironment, settings: Settings) -> dict[str, str]:
    """Create the view ``archived`` of the lake's boards; returns the options that say where the topic's source begins.

    Raises UserError if the lake holds no boards.
    """
    # Most jobs have no archive, and these take a second of a submission.
    from zielzeit.kafka.admin import partition_count  # noqa: PLC0415
    from zielzeit.lake.reading import Lake  # noqa: PLC0415

    archive = Archive(Lake.of(settings))
    span = archive.span()
    if span is None:
        raise UserError(
            f"{settings.lake} holds no boards: store some with `zielzeit store` or `zielzeit keep`, or submit with "
            "another --start-from"
        )
    tables.get_config().set("table.exec.source.idle-timeout", f"{settings.idle_timeout_seconds:g} s")
    # One reader: the boards of two readers would not be in order together.
    slots = NumberSequenceSource(min(span.slots), max(span.slots) if settings.bounded else _FOREVER)
    boards = (
        env.from_source(slots, WatermarkStrategy.no_watermarks(), "archive", Types.LONG())
        .set_parallelism(1)
        .flat_map(ReadArchive(archive, span.slots), output_type=_BOARD)
        .set_parallelism(1)
        .name("read archive")
        .uid("read-archive")
    )
    schema = (
        Schema.new_builder()
        .column_by_expression(TIMESTAMP, f"TO_TIMESTAMP_LTZ({_MILLISECONDS}, 3)")
        .watermark(TIMESTAMP, TIMESTAMP)
        .build()
    )
    tables.create_temporary_view(VIEW, boards, schema)
    return start_after(span, partition_count(settings, topics.BOARDS) if span.next_offsets else 0)


def start_after(span: Span, partitions: int) -> dict[str, str]:
    """Options of the topic's source: begin at the first record of each partition that the archive does not hold.

    If no board of the archive came from a topic, begin after the time of the newest one.
    """
    if not span.next_offsets:
        return {"scan.startup.mode": "timestamp", "scan.startup.timestamp-millis": str(span.until + 1)}
    offsets = {**dict.fromkeys(range(partitions), 0), **span.next_offsets}
    return {
        "scan.startup.mode": "specific-offsets",
        "scan.startup.specific-offsets": ";".join(
            f"partition:{partition},offset:{offset}" for partition, offset in sorted(offsets.items())
        ),
    }
