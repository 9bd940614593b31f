"""The event of a transition: its id, its delay, its place in the run, its times."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.decision.handmade import HERE, Watched, row
from zielzeit.boards import parse
from zielzeit.decision import event
from zielzeit.decision.event import decision_id
from zielzeit.decision.own_station import OwnStation, SplitRoute
from zielzeit.events.structs import Decision

LINES = (("ICE 624", "624"), ("RE 7", "4711"), ("RE RE7", "4711"), ("S S1", "30045"), ("ABR 30112", "30112"))


def read(**fields: object) -> parse.Row:
    """A row as it is read from a board."""
    (found,) = parse.parse(msgspec.json.encode({"departures": [row(**fields)]})).rows  # type: ignore[arg-type]
    return found


def test_the_id_names_station_train_and_planned_local_time() -> None:
    assert decision_id("Frankfurt(Main)Hbf", read(number="624", train="ICE 624"), 28838469) == (
        "Frankfurt(Main)Hbf|ICE 624|2024-10-30T17:09"
    )


def test_the_id_does_not_drift_with_the_name_of_the_line() -> None:
    assert decision_id(HERE, read(train="S 1"), 0) == decision_id(HERE, read(train="S S1"), 0)


def test_a_long_distance_trains_number_is_no_line() -> None:
    assert [event._line(read(train=train, number=number)) for train, number in LINES] == ["", "7", "7", "1", ""]


def test_cancelled_stops_are_apart_from_the_route() -> None:
    route = ["Anfang", {"name": "Ausfall", "isCancelled": 1}, HERE, {"name": "Nachher", "isCancelled": 0}, "Ende"]
    split = OwnStation(HERE).split_route(read(arrival="12:00", route=[*route, {"name": "Weg", "isCancelled": 1}]))
    assert split == (("Anfang",), ("Nachher", "Ende"), ("Weg",))


def test_a_route_that_does_not_name_the_station_tells_nothing_of_a_through_train() -> None:
    assert OwnStation("Anderswo").split_route(read(arrival="12:00")) == SplitRoute()


def test_a_start_and_an_end_need_no_name() -> None:
    elsewhere = OwnStation("Anderswo")
    assert elsewhere.split_route(read()).ahead == ("Nachher", "Ende")
    assert elsewhere.split_route(read(departure=None, arrival="12:00")).behind == ("Anfang", "Vorher")


def test_a_route_that_cannot_be_read_is_empty() -> None:
    assert OwnStation(HERE).split_route(read(route=[{"no name": 1}], arrival="12:00")) == SplitRoute()


def test_a_decision_is_known_a_grace_after_the_time_that_it_is_made_for() -> None:
    known = []
    for grace in (0, 5, 20):
        station = Watched(grace=grace)
        station.every_three_minutes("12:00", "12:15", row())
        known.append(station.decisions[0].decided_at)
    assert [(moment - known[0]).total_seconds() / 60 for moment in known] == [0, 5, 20]


def test_a_decision_survives_json_and_msgpack() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:15", row(arrival="12:01", platform="3 A-C"))
    (decision,) = station.decisions
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(decision), type=Decision) == decision


def test_what_did_not_happen_has_no_delay() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:06", row("1", delay=30, cancelled=True), row("2", "13:00", 9))
    station.every_three_minutes("12:09", "14:45", row("9", "16:00"))
    assert {(d.kind, d.delay) for d in station.decisions} == {("cancelled", None), ("withdrawn", None)}


@pytest.mark.parametrize("missing", [None, "", "absent"])
@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, "Ende"),
        ({"route": [HERE, "Nachher", {"name": "Ende", "isCancelled": 1}]}, "Nachher"),
        ({"route": [{"odd": 1}]}, ""),
    ],
)
def test_without_a_destination_the_last_stop_that_is_served_is_it(
    missing: str | None, changed: dict[str, Any], found: str
) -> None:
    station = Watched()
    train = row("1", "12:05", **changed) | {"destination": missing}
    if missing == "absent":
        del train["destination"]
    station.every_three_minutes("12:00", "12:15", train)
    assert [(d.kind, d.destination) for d in station.decisions] == [("departed", found)]
