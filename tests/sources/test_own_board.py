"""A board is its station's, however that was asked for and spelled; a mistyped one gets nobody else's."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zielzeit.sources.own_board import is_code, learn, whose_board
from zielzeit.stations.register import StationRegister
from zielzeit.stations.table import packaged

HANAU = ["Hanau Hbf|Fulda", "Frankfurt(Main)Hbf|Hanau Hbf"]
COLOGNE = ["Köln Hbf|Bonn Hbf", "Köln Hbf|Düsseldorf Hbf|Essen Hbf"]
FRANKFURT = ["Frankfurt(Main)Hbf|Mainz Hbf", "Frankfurt Hbf (tief)|Hanau Hbf"]
MADE_UP = ["Musterstadt Hbf|Neudorf", "Altdorf|Musterstadt Hbf"]


def own(station: str, routes: list[str], known: frozenset[str] = frozenset()) -> bool:
    return whose_board(station, [route.split("|") for route in routes], packaged(), known).own


@pytest.mark.parametrize("asked", ["Hanau Hbf", "hanau hbf", "HANAU-HBF", "8000150", "FH"])
def test_a_board_whose_every_route_has_the_station_is_its_own(asked: str) -> None:
    assert own(asked, HANAU)


@pytest.mark.parametrize(
    "asked", ["Köln Hbf", "Koeln Hbf", "köln hbf", unicodedata.normalize("NFD", "Köln Hbf"), "8000207", "KK"]
)
def test_every_spelling_of_a_name_is_the_station(asked: str) -> None:
    assert own(asked, COLOGNE)
    assert not own(asked, HANAU)


@pytest.mark.parametrize("asked", ["Frankfurt(Main)Hbf", "Frankfurt (Main) Hbf", "8000105", "FF"])
def test_rows_of_parts_are_no_other_station_and_neither_is_a_board_of_a_part_alone(asked: str) -> None:
    assert own(asked, FRANKFURT)
    assert own(asked, FRANKFURT[1:])
    assert whose_board(asked, [["Frankfurt Hbf (tief)", "Hanau Hbf"]], packaged()).name == "Frankfurt Hbf (tief)"
    assert own("Berlin Hbf", ["Berlin Hbf (tief)|Halle(Saale)Hbf"])


def test_another_stations_board_is_found_even_if_most_of_its_trains_call_here() -> None:
    assert not own("Bochum Hbf", ["Essen Hbf|Bochum Hbf", "Bochum Hbf|Essen Hbf|Köln Hbf", "Essen Hbf"])
    assert not own("Kiel Hbf", FRANKFURT)


@pytest.mark.parametrize("mistyped", ["KKX", "FHQ"])
def test_the_first_board_of_a_code_is_checked(mistyped: str) -> None:
    assert not own("FF", HANAU)
    assert not own("8000105", COLOGNE)
    assert own(mistyped, MADE_UP)  # the register lacks the station and cannot tell
    assert not own(mistyped, HANAU)
    assert own("8009999", HANAU)  # an unknown number gets no board from DBF, so it is one of several of this station


def test_a_station_with_a_new_name_keeps_its_code() -> None:
    assert own("8000150", [route.replace("Hanau Hbf", "Hanau Brüder Grimm") for route in HANAU])


@pytest.mark.parametrize(
    ("station", "code"), [("8000105", True), ("FF", True), ("AH S", True), ("Hanau Hbf", False), ("Au", False)]
)
def test_codes_are_told_from_names(station: str, code: bool) -> None:
    assert is_code(station) is code


def test_the_station_behind_an_unknown_code_is_learnt_and_then_another_board_found() -> None:
    register = StationRegister(())
    known: frozenset[str] = frozenset()
    for routes in (["Hanau Hbf|Fulda"], ["Hanau Hbf|Mainz Hbf", "Fulda|Hanau Hbf"]):
        whose = whose_board("8000150", [route.split("|") for route in routes], register, known)
        assert whose.own
        known = learn(known, frozenset(whose.common))
    assert known == {"hanau hbf"}
    assert not whose_board("8000150", [["Mainz Hbf", "Worms Hbf"]], register, known).own
    assert whose_board("8000150", [["Mainz Hbf", "Hanau Hbf"]], register, known).own


@given(st.text(), st.lists(st.lists(st.text(), min_size=1, max_size=3), max_size=3))
def test_no_name_breaks_the_check(station: str, routes: list[list[str]]) -> None:
    whose = whose_board(station, routes, packaged())
    assert whose.own or routes
