"""Bodies become typed rows; what is odd is read, what is wrong is named, and one bad row does not cost the others."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
import zstandard

from tests.decision.handmade import HERE, body, row
from zielzeit.boards import parse
from zielzeit.settings import ROOT

REAL = ROOT.parent / "shared" / "data" / "dbf-boards"


def test_a_row_keeps_what_the_decision_needs() -> None:
    (read,) = parse.parse(body(row("624", "17:09", 12, arrival="17:05", train="ICE 624"))).rows
    assert (read.train, read.train_number, read.scheduled_arrival, read.scheduled_departure) == (
        "ICE 624",
        "624",
        "17:05",
        "17:09",
    )
    assert (read.delay_departure, read.delay_arrival, bool(read.is_cancelled)) == (12, 12, False)
    assert [stop.name for stop in parse.route(read.route)] == ["Anfang", "Vorher", HERE, "Nachher", "Ende"]


def test_departure_before_arrival_is_read() -> None:
    assert not parse.parse(body(row(departure="12:05", arrival="12:06"))).unreadable


def test_empty_platform_and_classes_are_read() -> None:
    odd = [row("1", platform="", trainClasses=[]), row("2", platform=None, scheduledPlatform=None)]
    assert [read.platform for read in parse.parse(body(*odd)).rows] == ["", None]


def test_booleans_may_come_as_numbers_and_numbers_as_booleans() -> None:
    rows = parse.parse(body(row("1", isCancelled=True), row("2", isCancelled=0, missingRealtime=1))).rows
    assert [bool(read.is_cancelled) for read in rows] == [True, False]
    assert rows[1].missing_realtime


def test_unknown_fields_and_missing_optional_ones_are_no_matter() -> None:
    lean = {"train": "S 1", "trainNumber": "31", "scheduledDeparture": "10:00", "news": {"deep": [1, 2]}}
    (read,) = parse.parse(json.dumps({"departures": [lean], "api_version": "3"}).encode()).rows
    assert read.delay_departure is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"scheduledDeparture": None}, "neither arrival nor departure"),
        ({"scheduledDeparture": "25:00"}, "not a time of day"),
        ({"delayDeparture": 100_000}, "Expected `int` <= 1440 - at `$.delayDeparture`"),
        ({"delayDeparture": "five"}, "Expected `int | null`, got `str` - at `$.delayDeparture`"),
        ({"trainNumber": ""}, "length >= 1 - at `$.trainNumber`"),
        ({"trainNumber": "9" * 1000}, "length <= 200 - at `$.trainNumber`"),
        ({"route": [{"name": "x" * 100_000}]}, "route of"),
    ],
)
def test_a_wrong_row_is_named_and_does_not_cost_the_others(wrong: dict[str, object], said: str) -> None:
    read = parse.parse(body(row("1"), row("2", **wrong), row("3")))
    assert [good.train_number for good in read.rows] == ["1", "3"]
    assert len(read.unreadable) == 1
    assert said in read.unreadable[0].reason
    assert read.unreadable[0].index == 1


@pytest.mark.parametrize(
    "broken",
    [b"", b"null", b"[]", b"{}", b'{"departures": 7}', b'{"departures": [', b"<html>", b"\xff\xfe", b'{"error": "x"}'],
)
def test_what_is_no_board_is_refused_with_a_reason(broken: bytes) -> None:
    with pytest.raises(parse.BoardError, match="no board"):
        parse.parse(broken)


def test_an_empty_board_is_a_board() -> None:
    assert parse.parse(b'{"departures": []}').rows == []


def test_packed_and_plain_bodies_are_the_same() -> None:
    plain = body(row())
    assert parse.decompress(zstandard.compress(plain)) == plain == parse.decompress(plain)


def test_a_packed_body_that_is_damaged_or_far_too_large_is_refused() -> None:
    packed = zstandard.compress(body(row()) * 50)
    for damaged in (packed[:-7], packed[:9], packed[:4]):
        with pytest.raises(parse.BoardError, match="zstd"):
            parse.decompress(damaged)
    with pytest.raises(parse.BoardError, match="more than"):
        parse.decompress(zstandard.compress(bytes(parse.MAX_BODY + 1)))


@pytest.mark.parametrize("element", [b"{},", b"1,", b'{"train": "RE 1", "trainNumber": "1"},'])
@pytest.mark.parametrize("known_size", [True, False])
def test_a_small_record_of_a_huge_body_takes_little_memory(element: bytes, known_size: bool) -> None:
    body = b'{"departures": [' + element * (60_000_000 // len(element)) + b"{}]}"
    largest = b'{"departures": [' + element * ((parse.MAX_BODY - 100) // len(element)) + b"{}]}"
    records = [zstandard.ZstdCompressor(write_content_size=known_size).compress(each) for each in (body, largest)]
    del body, largest
    tracemalloc.start()
    try:
        for record in records:
            with pytest.raises(parse.BoardError, match=r"more than|damaged"):
                parse.parse(parse.decompress(record))
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


def test_each_thread_has_a_decompressor_of_its_own() -> None:
    frames = [zstandard.compress(bytes([number]) * 300_000) for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        bodies = list(threads.map(parse.decompress, frames * 20))
        used = {id(one) for one in threads.map(lambda _: parse._zstd.decompressor, range(8))}
    assert bodies == [bytes([number]) * 300_000 for number in range(8)] * 20
    assert id(parse._zstd.decompressor) not in used


def test_far_more_rows_than_a_station_has_are_refused() -> None:
    with pytest.raises(parse.BoardError, match="rows"):
        parse.parse(body(*(row(str(number), route=[HERE]) for number in range(parse.MAX_ROWS + 1))))


@pytest.mark.parametrize(
    ("train", "category", "line"),
    [
        ("S 1", "S", "1"),
        ("S S1", "S", "1"),
        ("RE 7", "RE", "7"),
        ("RE RE7", "RE", "7"),
        ("ICE 624", "ICE", "624"),
        ("HLB RB58", "HLB", "RB58"),
        ("Bus", "Bus", ""),
    ],
)
def test_line_names_that_drift_are_one_line(train: str, category: str, line: str) -> None:
    assert (parse.category(train), parse.line(train)) == (category, line)


@pytest.mark.skipif(not REAL.exists(), reason="no recorded boards at ../shared/data/dbf-boards")
@pytest.mark.parametrize("name", ["EssenHbf_20140103T2001.json.gz", "BochumHbf_20150520T1701.json.gz"])
def test_old_boards_rich_in_odd_rows_are_read_whole(name: str) -> None:
    read = parse.parse(gzip.decompress((REAL / name).read_bytes()))
    assert read.rows
    assert not read.unreadable
