"""A station polled by a name, a number, a code or another spelling is the one that its boards' routes name."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from tests.decision.handmade import HERE, Watched, row
from zielzeit.decision.own_station import OwnStation

NUMBER = "8999999"
"""An EVA number that no station has."""
COLOGNE = ("Bonn Hbf", "Köln Hbf", "Neuss Hbf")


def short(**fields: Any) -> dict[str, Any]:
    """A train that ends here because every later stop is cancelled."""
    cut = ["Anfang", HERE, {"name": "Nachher", "isCancelled": 1}, {"name": "Ende", "isCancelled": 1}]
    return row("5001", "12:05", 6, arrival="12:03", route=cut, **fields)


@pytest.mark.parametrize(
    "key", ["Köln Hbf", unicodedata.normalize("NFD", "Köln Hbf"), "koeln hbf", "Köln Hauptbahnhof", "8000207", "KK"]
)
def test_the_route_is_split_whichever_way_the_station_is_asked_for(key: str) -> None:
    station = Watched(name=key)
    station.every_three_minutes("12:00", "12:15", row(arrival="12:04", route=COLOGNE))
    (decision,) = station.decisions
    assert (decision.route_behind, decision.route_ahead) == (("Bonn Hbf",), ("Neuss Hbf",))


def test_a_station_polled_by_number_bears_the_boards_name_and_keeps_its_id() -> None:
    station = Watched(name="8000207")
    station.every_three_minutes("12:00", "12:15", row(arrival="12:04", route=COLOGNE, destination="Neuss Hbf"))
    (decision,) = station.decisions
    assert (decision.station, decision.id) == ("Köln Hbf", "8000207|RE 4711|2026-03-10T12:05")
    assert (decision.station_eva, decision.destination_eva) == ("8000207", "8000274")


def test_a_number_that_the_register_lacks_is_the_stations_number_all_the_same() -> None:
    station = Watched(name=NUMBER)
    station.every_three_minutes("12:00", "12:15", row())
    (decision,) = station.decisions
    assert (decision.station, decision.station_eva, decision.destination_eva) == (HERE, NUMBER, "")


def test_a_composed_and_a_decomposed_name_have_one_id() -> None:
    assert OwnStation(unicodedata.normalize("NFD", "Köln Hbf")).key == "Köln Hbf"


@pytest.mark.parametrize("key", [HERE, NUMBER, "musterstadt hauptbahnhof", "Musterstadt Hbf (tief)"])
def test_a_train_that_is_cut_short_ends_here_under_any_key(key: str) -> None:
    station = Watched(name=key)
    other = row("8001", "13:40", arrival="13:38", route=["Fernau", HERE, "Sued"])
    station.every_three_minutes("12:00", "12:18", short(), other)
    (decision,) = [one for one in station.decisions if one.number == "5001"]
    assert (decision.kind, decision.delay, decision.ends_here) == ("terminated", 6, True)
    assert decision.cancelled_ahead == ("Nachher", "Ende")


def test_a_number_that_nobody_knows_learns_the_name_that_all_routes_share() -> None:
    station = Watched(name=NUMBER)
    passing = row("1", "13:05", arrival="13:04", route=["Anfang", HERE, "Nachher", "Ende"])
    station.board("12:00", passing)
    assert len(station.station.learnt) == 4
    station.board("12:03", passing, row("2", "13:15", arrival="13:14", route=["Fernau", HERE, "Sued"]))
    assert station.station.learnt == [HERE]
    station.every_three_minutes("12:06", "13:30", passing)
    assert {one.station for one in station.decisions} == {HERE}


def test_a_run_that_starts_or_ends_here_tells_the_name_alone() -> None:
    for one in (row("1", "13:05"), row("2", None, arrival="13:05")):
        station = Watched(name=NUMBER)
        station.board("12:00", one)
        assert station.station.learnt == [HERE]


def test_a_board_that_is_not_believed_teaches_no_name() -> None:
    station = Watched(name=NUMBER)
    here = [row(str(n), f"13:0{n}", arrival=f"13:0{n}", route=["Anfang", "Vorher", HERE, "Ende"]) for n in range(5)]
    there = [row(f"9{n}", f"13:0{n}", route=["Anderswo", "Vorher"]) for n in range(5)]
    station.board("12:00", *here)
    station.board("12:03", *there)
    assert station.refused
    assert station.station.learnt == sorted(["Anfang", "Vorher", HERE, "Ende"])


def test_both_calls_of_a_run_at_one_station_have_their_own_route() -> None:
    loop = ["Aheim", HERE, "Cenz", HERE, "Dorf"]
    first = row("33001", "12:11", arrival="12:10", route=loop)
    second = row("33001", "12:51", arrival="12:50", route=loop)
    station = Watched()
    station.every_three_minutes("12:00", "12:18", first, second)
    station.every_three_minutes("12:21", "13:03", second)
    assert [(one.route_behind, one.route_ahead) for one in station.decisions] == [
        (("Aheim",), ("Cenz", HERE, "Dorf")),
        (("Aheim", HERE, "Cenz"), ("Dorf",)),
    ]


def test_a_run_that_is_cut_short_at_its_second_call_leaves_at_the_first() -> None:
    loop = ["Aheim", HERE, "Cenz", HERE, {"name": "Dorf", "isCancelled": 1}]
    rows = [row("33001", f"12:{at}1", arrival=f"12:{at}0", route=loop) for at in (1, 5)]
    station = Watched()
    station.every_three_minutes("12:00", "13:03", *rows)
    assert station.kinds() == ["departed", "terminated"]


def test_the_delay_of_the_arrival_goes_with_the_departure() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:27", row("1", delay=9, arrival="12:04", arrival_delay=7), row("2"))
    assert {one.number: (one.delay, one.arrival_delay) for one in station.decisions} == {"1": (9, 7), "2": (0, None)}


def test_a_run_that_names_a_part_of_the_station_does_not_hide_its_name() -> None:
    """All other routes share the name of the whole, which a route with the part means too."""
    station = Watched(name=NUMBER)
    part = row("9", None, arrival="12:30", route=["Anfang", f"{HERE} (tief)"])
    station.every_three_minutes("12:00", "12:18", row("1", "12:20"), row("3", "12:40", arrival="12:38"), short(), part)
    assert station.kinds() == ["terminated"]
    assert station.station.learnt == [HERE]
