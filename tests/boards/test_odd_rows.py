"""Odd values are read where their meaning is certain; a row with others tells what is known of its train."""

from __future__ import annotations

from typing import Any

import pytest

from tests.decision.handmade import body, row
from zielzeit.boards import parse
from zielzeit.boards.odd_rows import UnreadableRow

NORMAL = row("4711", "00:05", 3, arrival="00:00", platform="7")


def read_one(**changed: Any) -> parse.Row | UnreadableRow:
    """The row as it is read beside another one."""
    read = parse.parse(body(row("1"), NORMAL | changed, row("2")))
    assert len(read.rows) + len(read.unreadable) == 3
    return read.unreadable[0] if read.unreadable else read.rows[1]


def values(read: parse.Row | UnreadableRow) -> dict[str, object]:
    """A row's values; flags as booleans."""
    assert isinstance(read, parse.Row)
    found = {name: getattr(read, name) for name in read.__struct_fields__ if name != "route"}
    found |= {"is_cancelled": bool(read.is_cancelled), "missing_realtime": bool(read.missing_realtime)}
    return found | {"route": [stop.name for stop in parse.route(read.route)]}


@pytest.mark.parametrize(
    "same",
    [
        {"trainNumber": 4711},
        {"trainNumber": 4711.0},
        {"platform": 7},
        {"platform": 7.0},
        {"delayDeparture": "3", "delayArrival": "+3"},
        {"delayDeparture": 3.0, "delayArrival": " 3 "},
        {"isCancelled": None},
        {"isCancelled": "0"},
        {"isCancelled": "false", "missingRealtime": "False"},
        {"isCancelled": 0.0},
        {"missingRealtime": None},
        {"missingRealtime": "0"},
        {"scheduledArrival": "24:00"},
        {"scheduledArrival": "0:00", "scheduledDeparture": " 0:05"},
        {"scheduledArrival": "00:00:00", "scheduledDeparture": "00:05:30"},
    ],
)
def test_what_certainly_means_the_same_is_read_as_the_same(same: dict[str, Any]) -> None:
    assert values(read_one(**same)) == values(read_one())


@pytest.mark.parametrize(
    ("other", "field", "meant"),
    [
        ({"isCancelled": "1"}, "is_cancelled", True),
        ({"isCancelled": "TRUE"}, "is_cancelled", True),
        ({"isCancelled": 1.0}, "is_cancelled", True),
        ({"missingRealtime": "1"}, "missing_realtime", True),
        ({"delayDeparture": "-2"}, "delay_departure", -2),
        ({"destination": None}, "destination", ""),
        ({"platform": None}, "platform", None),
    ],
)
def test_what_it_means_is_read(other: dict[str, Any], field: str, meant: object) -> None:
    assert values(read_one(**other))[field] == meant


@pytest.mark.parametrize(
    "unclear",
    [
        {"trainNumber": None},
        {"trainNumber": ""},
        {"trainNumber": " "},
        {"trainNumber": 4711.5},
        {"trainNumber": True},
        {"train": None},
        {"train": 7},
        {"destination": 8000105},
        {"platform": [7]},
        {"platform": 7.5},
        {"delayDeparture": "five"},
        {"delayDeparture": "3 min"},
        {"delayDeparture": ""},
        {"delayDeparture": 2.5},
        {"delayDeparture": True},
        {"delayDeparture": "٣"},
        {"delayDeparture": "100000"},
        {"isCancelled": "no"},
        {"isCancelled": []},
        {"isCancelled": 0.5},
        {"missingRealtime": "?"},
        {"scheduledDeparture": "24:01"},
        {"scheduledDeparture": "25:00"},
        {"scheduledDeparture": "12:5"},
        {"scheduledDeparture": ""},
        {"scheduledDeparture": 5},
        {"scheduledDeparture": "١٢:٠٥"},
        {"scheduledDeparture": None, "scheduledArrival": None},
    ],
)
def test_what_may_mean_something_else_is_not_read(unclear: dict[str, Any]) -> None:
    unreadable = read_one(**unclear)
    assert isinstance(unreadable, UnreadableRow)
    assert unreadable.index == 1
    assert unreadable.reason
    assert parse.parse(b'{"departures": [' + unreadable.raw + b"]}").unreadable[0].raw == unreadable.raw


@pytest.mark.parametrize(
    ("unclear", "known"),
    [
        ({"trainNumber": None}, ("RE", None, "00:05")),
        ({"trainNumber": 4711, "isCancelled": "?"}, ("RE", "4711", "00:05")),
        ({"scheduledDeparture": "24:00", "platform": []}, ("RE", "4711", "00:00")),
        ({"scheduledDeparture": None, "platform": []}, ("RE", "4711", "00:00")),
        ({"scheduledDeparture": "soon"}, ("RE", "4711", None)),
        ({"train": None}, (None, "4711", "00:05")),
        ({"train": " "}, (None, "4711", "00:05")),
        ({"train": None, "trainNumber": [], "scheduledDeparture": {}}, (None, None, None)),
    ],
)
def test_an_unreadable_row_tells_what_is_known_of_its_train(unclear: dict[str, Any], known: tuple[object, ...]) -> None:
    unreadable = read_one(**{"delayDeparture": "?"} | unclear)
    assert isinstance(unreadable, UnreadableRow)
    assert (unreadable.category, unreadable.number, unreadable.time) == known


@pytest.mark.parametrize("raw", [b"null", b"7", b"[]", b'"x"', b"{}"])
def test_what_is_no_row_tells_nothing(raw: bytes) -> None:
    read = parse.parse(b'{"departures": [' + raw + b"]}")
    (unreadable,) = read.unreadable
    assert (unreadable.category, unreadable.number, unreadable.time, read.rows) == (None, None, None, [])


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", r'"\\ud800"'])
@pytest.mark.parametrize("name", ["trainNumber", "destination", "delayDeparture", "messages", "route"])
def test_what_is_json_for_python_alone_costs_its_row_at_most(name: str, value: str) -> None:
    whole = body(row("1"), NORMAL | {name: "here"}, row("2")).replace(b'"here"', value.replace("\\\\", "\\").encode())
    read = parse.parse(whole)
    assert {"1", "2"} <= {one.train_number for one in read.rows}
    assert len(read.rows) + len(read.unreadable) == parse.count_rows(whole) == 3
    assert len(parse.row_texts(whole)) == 3


def test_a_mark_of_the_byte_order_is_no_part_of_a_board() -> None:
    plain = body(NORMAL)
    assert list(map(values, parse.parse(b"\xef\xbb\xbf" + plain).rows)) == list(map(values, parse.parse(plain).rows))


@pytest.mark.parametrize("cancelled", [1, True, "1", "true", 1.0])
def test_the_stops_of_a_route_are_read_one_by_one(cancelled: object) -> None:
    stops = [{"name": "A"}, None, {"name": ""}, {"name": 8000105, "isCancelled": None}, {"x": 1}, "B"]
    read = read_one(route=[*stops, {"name": "C", "isCancelled": cancelled}, {"name": "D", "isCancelled": "perhaps"}])
    assert isinstance(read, parse.Row)
    found = [(stop.name, bool(stop.is_cancelled)) for stop in parse.route(read.route)]
    assert found == [("A", False), ("8000105", False), ("C", True)]
