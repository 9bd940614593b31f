"""Recorded boards in the lake: read back in the order of their time, once, however often they were added."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from flink_jobs.archive_source import start_after
from zielzeit.berlin_time import milliseconds
from zielzeit.boards.parse import decompress
from zielzeit.boards.record import BoardRecord
from zielzeit.lake.board_archive import SLOT, Archive, Span
from zielzeit.lake.compaction import compact
from zielzeit.lake.reading import Lake
from zielzeit.recordings.to_lake import keep

# Berlin's midnight falls into it, and both sides of a slot's edge.
START = datetime(2026, 3, 1, 22, 50, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(fs.LocalFileSystem(), str(tmp_path))


def _board(station: str, minutes: float) -> BoardRecord:
    at = START + timedelta(minutes=minutes)
    return BoardRecord(station=station, body=f"{station} {at}".encode(), polled_at=at, source="replay", url="x/y.json")


BOARDS = [_board(station, minutes) for minutes in (0, 2.5, 5, 10, 14.999, 15, 40) for station in ("A", "B")]


def _read(lake: Lake) -> list[tuple[str, bytes, int]]:
    archive = Archive(lake)
    span = archive.span()
    assert span is not None
    boards = chain.from_iterable(archive.read(slot) for slot in sorted(span.slots))
    return [(board.station, decompress(board.body), board.polled_at) for board in boards]


def test_what_was_kept_is_read_slot_by_slot_in_the_order_of_its_time(lake: Lake) -> None:
    assert keep(BOARDS, lake) == ["2026-03-01", "2026-03-02"]
    assert _read(lake) == [(board.station, board.body, milliseconds(board.polled_at)) for board in BOARDS]


def test_what_is_kept_twice_is_there_once(lake: Lake) -> None:
    keep(BOARDS[:5], lake)
    keep(BOARDS, lake)
    assert compact(lake, quiet_seconds=0)
    keep(BOARDS, lake)
    assert lake.dataset("boards").count_rows() == len(BOARDS)
    assert len(_read(lake)) == len(BOARDS)
    assert not list(Path(lake.root).rglob(".*")), "a draft was left behind"


def test_an_empty_lake_has_no_span(lake: Lake) -> None:
    assert Archive(lake).span() is None


def test_times_without_a_zone_as_flink_writes_them_are_utc(lake: Lake) -> None:
    keep(BOARDS, lake)
    expected = _read(lake)
    for file in Path(lake.root).rglob("*.parquet"):
        table = pq.ParquetFile(file).read()
        place = table.schema.get_field_index("polled_at")
        pq.write_table(table.set_column(place, "polled_at", table["polled_at"].cast(pa.timestamp("ms"))), file)
    assert _read(lake) == expected


def test_the_span_tells_where_the_topic_goes_on(lake: Lake) -> None:
    keep(BOARDS, lake)
    (file,) = Path(lake.root, "boards", "day=2026-03-01").glob("*.parquet")
    table = pq.ParquetFile(file).read()
    stored = {"kafka_partition": pa.array([0, 2] * 3, pa.int32()), "kafka_offset": pa.array(range(6), pa.int64())}
    for name, column in stored.items():
        table = table.set_column(table.schema.get_field_index(name), name, column)
    pq.write_table(table, file)
    span = Archive(lake).span()
    first = int(START.timestamp() / SLOT.total_seconds())
    slots = frozenset(first + minutes // 5 for minutes in (0, 5, 10, 15, 40))
    assert span == Span(slots, milliseconds(BOARDS[-1].polled_at), {0: 5, 2: 6})
    assert start_after(span, partitions=4) == {
        "scan.startup.mode": "specific-offsets",
        "scan.startup.specific-offsets": "partition:0,offset:5;partition:1,offset:0;partition:2,offset:6;"
        "partition:3,offset:0",
    }


def test_without_offsets_the_topic_goes_on_after_the_newest_board(lake: Lake) -> None:
    keep(BOARDS, lake)
    span = Archive(lake).span()
    assert span is not None
    assert start_after(span, partitions=4) == {
        "scan.startup.mode": "timestamp",
        "scan.startup.timestamp-millis": str(milliseconds(BOARDS[-1].polled_at) + 1),
    }
