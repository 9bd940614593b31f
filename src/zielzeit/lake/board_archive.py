"""The lake's boards in order of time, for a job that begins in the past.

Time is divided into slots of five minutes, numbered from 1970 UTC: the boards of a slot fit in memory, and the number
of the slot is all that a source must remember to continue in the middle of the archive.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from zielzeit import topics
from zielzeit.berlin_time import BERLIN, milliseconds
from zielzeit.lake.table_definitions import table

if TYPE_CHECKING:
    # Every worker of every job imports this module; these take most of a second, and few jobs read an archive.
    import pyarrow.dataset as ds

    from zielzeit.lake.reading import Lake

SLOT = timedelta(minutes=5)
_SLOT_MILLISECONDS = SLOT // timedelta(milliseconds=1)


class JobBoard(NamedTuple):
    """A board as the job reads it, from the archive or from the topic: some columns of the table ``boards``."""

    station: str
    body: bytes
    """A zstd frame or plain, as it was in the topic."""
    kafka_partition: int
    """Partition of the topic it was in, −1 if it never was in one."""
    kafka_offset: int
    """Offset in that partition, −1 likewise."""
    polled_at: int
    """Milliseconds since 1970 UTC."""


_TYPES = {column.name: column.type for column in table(topics.BOARDS).columns}
JOB_COLUMNS = {name: _TYPES[name] for name in JobBoard._fields}
"""Columns of the table ``boards`` that the job reads, with their types, in the order of ``JobBoard``."""
_SCHEMA = pa.schema(JOB_COLUMNS.items())
_ORDER = [("polled_at", "ascending"), ("station", "ascending"), ("kafka_offset", "ascending")]
_PLACE = ("kafka_partition", "kafka_offset")
_NO_PLACE = -1


class Span(NamedTuple):
    """Extent of an archive."""

    slots: frozenset[int]
    """Slots that have boards."""
    until: int
    """``polled_at`` of the newest board, milliseconds since 1970 UTC."""
    next_offsets: dict[int, int]
    """Partition of the topic → first offset that the archive does not hold; empty if no board came from a topic."""


class Archive:
    """The table ``boards`` of a lake, read slot by slot."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._day: date | None = None
        self._opened: list[ds.Fragment] = []

    def span(self) -> Span | None:
        """Extent of the archive; None if it is empty. Reads three narrow columns of every file."""
        import pyarrow.compute as pc  # noqa: PLC0415 - see the top

        slots: set[int] = set()
        newest, offsets = 0, dict[int, int]()
        for batch in self._lake.dataset(topics.BOARDS).to_batches(columns=["polled_at", *_PLACE]):
            if not batch.num_rows:
                continue
            times = pc.cast(batch.column("polled_at"), pa.int64())
            slots.update(pc.unique(pc.divide(times, _SLOT_MILLISECONDS)).to_pylist())
            newest = max(newest, pc.max(times).as_py())
            by_partition = pa.Table.from_batches([batch]).group_by("kafka_partition")
            for row in by_partition.aggregate([("kafka_offset", "max")]).to_pylist():
                if row["kafka_partition"] is not None:
                    known = offsets.get(row["kafka_partition"], 0)
                    offsets[row["kafka_partition"]] = max(known, row["kafka_offset_max"] + 1)
        return Span(frozenset(slots), newest, offsets) if slots else None

    def read(self, slot: int) -> Iterator[JobBoard]:
        """Boards of a slot in order of time, then station."""
        start = datetime.fromtimestamp(slot * SLOT.total_seconds(), UTC)
        parts = [_between(file, start, start + SLOT) for file in self._files(start.astimezone(BERLIN).date())]
        if not parts:
            return
        for batch in pa.concat_tables(parts).sort_by(_ORDER).to_batches():
            for row in batch.to_pylist():
                place = {name: _NO_PLACE if row[name] is None else row[name] for name in _PLACE}
                yield JobBoard(**row | place | {"polled_at": milliseconds(row["polled_at"])})

    def _files(self, day: date) -> list[ds.Fragment]:
        """Files of a day, listed once per day because listing is slow. No slot spans two days."""
        if day != self._day:
            files = self._lake.visible(topics.BOARDS, str(day))
            self._day, self._opened = day, list(self._lake.dataset(topics.BOARDS, files).get_fragments())
        return self._opened


def _between(file: ds.Fragment, start: datetime, end: datetime) -> pa.Table:
    """Rows of a file from ``start`` to before ``end``.

    Flink writes times without a zone. The comparison uses the type of the file's column, so that the reader can skip
    row groups by their statistics.
    """
    import pyarrow.dataset as ds  # noqa: PLC0415 - see the top

    kind = file.physical_schema.field("polled_at").type
    wanted = (ds.field("polled_at") >= pa.scalar(start, kind)) & (ds.field("polled_at") < pa.scalar(end, kind))
    return file.to_table(columns=_SCHEMA.names, filter=wanted, schema=file.physical_schema).cast(_SCHEMA)
