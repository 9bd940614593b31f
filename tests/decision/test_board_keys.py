"""Boards of one station under several spellings are decided as one station's, equal to those under one key."""

from __future__ import annotations

import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decision.handmade import HERE, Watched, at, body, row
from tests.decision.scenarios import recordings
from tests.decision.stream import Arrival
from zielzeit import berlin_time
from zielzeit.boards.record import BoardRecord
from zielzeit.decision.decider import Decider
from zielzeit.decision.offline import decide
from zielzeit.decision.rules import Rules
from zielzeit.events.structs import Decision
from zielzeit.recordings.read import read_boards, with_keys
from zielzeit.stations.board_key import board_keys
from zielzeit.stations.table import packaged

COLOGNE = "Köln Hbf"
SPELLINGS = (
    COLOGNE,
    unicodedata.normalize("NFD", COLOGNE),
    "koeln hbf",
    "KÖLN HBF",
    "Köln Hauptbahnhof",
    "8000207",
    "KK",
)


def _record(arrival: Arrival, station: str) -> BoardRecord:
    polled_at = berlin_time.datetime_of(berlin_time.Milliseconds(arrival.polled_at))
    return BoardRecord(station=station, body=arrival.value, polled_at=polled_at, source="replay", url="")


@given(recordings(), st.integers(0, 2**32))
def test_boards_under_many_spellings_are_those_of_one_station(drawn: list[Arrival], way: int) -> None:
    rng, decider = random.Random(way), Decider(Rules(), 5)
    one = [_record(arrival, COLOGNE) for arrival in drawn]
    many = [_record(arrival, rng.choice(SPELLINGS)) for arrival in drawn]
    assert list(decide(many, decider)) == list(decide(one, decider))


def test_folders_of_two_spellings_are_replayed_and_kept_under_one_key(tmp_path: Path) -> None:
    for place, name in enumerate(("8000207", "Köln Hauptbahnhof", unicodedata.normalize("NFD", COLOGNE))):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"20260310T120{place}.json").write_bytes(body(row()))
    keyed = list(with_keys(read_boards([tmp_path]), board_keys(packaged())))
    assert [(board.station, board.polled_at.minute) for board in keyed] == [(COLOGNE, 0), (COLOGNE, 1), (COLOGNE, 2)]


def test_an_own_file_says_which_station_a_name_means(tmp_path: Path) -> None:
    own = tmp_path / "stations.csv"
    own.write_text(f"eva,name,aliases,ds100\n8999999,{HERE},Muster|Alt-Musterstadt,XMU\n")
    spellings = ["Muster", "XMU", "8999999", HERE, "Alt-Musterstadt"] * 5
    boards = [_record(Arrival("", at(f"12:{minute:02}"), body(row())), name) for minute, name in enumerate(spellings)]
    decided = [output for _, _, output in decide(boards, Decider(Rules(), 0, stations=str(own)))]
    assert [one.id for one in decided if isinstance(one, Decision)] == [f"{HERE}|RE 4711|2026-03-10T12:05"]


NUMBER_OF_ANOTHER = "8000999"
"""Bisingen in the register; these boards are another station's."""


@pytest.mark.parametrize("key", [NUMBER_OF_ANOTHER, "Wanne-Eickel Hbf"])
def test_routes_that_agree_name_a_station_that_the_register_names_otherwise(key: str) -> None:
    """A renamed station, or a number that the register gives to another one."""
    station = Watched(name=board_keys(packaged())(key))
    passing = row("1", "12:05", arrival="12:04", route=["Anfang", "Herne Hbf", "Nachher"])
    station.board("12:00", passing, row("2", "13:05", arrival="13:04", route=["Fernau", "Herne Hbf", "Sued"]))
    station.every_three_minutes("12:03", "12:18", passing)
    (decision,) = [one for one in station.decisions if one.number == "1"]
    assert (decision.station, decision.route_behind, decision.route_ahead) == ("Herne Hbf", ("Anfang",), ("Nachher",))
    assert decision.station_eva == packaged().resolve(key).eva


def test_a_station_that_its_routes_name_unlearns_what_another_stations_board_taught() -> None:
    station = Watched(name=COLOGNE)
    station.board("12:00", *(row(str(n), f"13:0{n}", route=["Anderswo", "Ende"]) for n in range(3)))
    assert station.station.learnt == ["Anderswo"]
    own = [row(f"9{n}", f"13:1{n}", arrival=f"13:0{n}", route=["Bonn Hbf", COLOGNE, "Neuss Hbf"]) for n in range(5)]
    station.every_three_minutes("12:03", "13:30", *own)
    assert station.station.learnt == []
    assert {(one.station, one.route_ahead) for one in station.decisions if one.number.startswith("9")} == {
        (COLOGNE, ("Neuss Hbf",))
    }


def test_a_name_that_nobody_knows_learns_nothing() -> None:
    station = Watched(name="frankfurt-past")
    station.every_three_minutes("12:00", "12:15", row())
    (decision,) = station.decisions
    assert (decision.station, station.station.learnt) == ("frankfurt-past", [])
