"""A station's boards have one key, whichever way the station was asked for."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stations.test_register import ENTRIES, SMALL
from zielzeit.stations import table
from zielzeit.stations.board_key import board_keys
from zielzeit.stations.register import Entry, StationRegister
from zielzeit.stations.source import Source
from zielzeit.stations.station import Station

COLOGNE = "Köln Hbf"


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        *((text, COLOGNE) for text in (COLOGNE, "8000207", "08000207", "KK", "koeln hbf", "Köln Hauptbahnhof")),
        (unicodedata.normalize("NFD", COLOGNE), COLOGNE),
        ("Frankfurt (Main) Hbf", "Frankfurt(Main)Hbf"),
        ("Musterstadt Hbf", "Musterstadt Hbf"),
        (unicodedata.normalize("NFD", " Müsterstadt  Hbf"), "Müsterstadt Hbf"),
        ("08999999", "8999999"),
        ("", ""),
    ],
)
def test_every_way_to_ask_for_a_station_has_the_boards_name(spelling: str, key: str) -> None:
    assert board_keys(table.packaged())(spelling) == key


def test_a_name_that_means_another_station_is_no_key_of_this_one() -> None:
    stop = Station("8000001", "Aheim Bf")
    station = Station("8000002", "Aheim", aliases=("Aheim Bf",))
    key = board_keys(StationRegister([(Source.STOP, stop), (Source.TABLE, station)]))
    assert (key("8000001"), key("8000002"), key("Aheim Bf")) == ("8000001", "Aheim", "Aheim")


def test_stations_that_share_a_name_keep_their_numbers_apart() -> None:
    entries = [(Source.TABLE, Station(eva, "Neustadt")) for eva in ("8000001", "8000002")]
    key = board_keys(StationRegister(entries))
    assert [key(text) for text in ("8000001", "8000002", "Neustadt")] == ["8000001", "8000002", "Neustadt"]


@given(ENTRIES, st.lists(st.text(), max_size=5))
def test_a_key_means_what_the_spelling_means_and_is_its_own_key(entries: tuple[Entry, ...], texts: list[str]) -> None:
    register = StationRegister(entries)
    key = board_keys(register)
    for text in (*texts, *(name for _, one in entries for name in (one.eva, one.name, *one.aliases, *one.codes))):
        assert register.resolve(key(text)) == register.resolve(text)
        assert key(key(text)) == key(text)


def test_no_two_stations_of_the_table_share_a_key() -> None:
    register = table.packaged()
    key = board_keys(register)
    keys = {key(station.eva) for station in register.stations()}
    assert len(keys) == len(register.stations())
    assert all(key(one) == one for one in keys)


def test_any_text_has_a_key() -> None:
    key = board_keys(SMALL)
    assert [key(text) for text in ("?", "  ", "ß")] == ["?", "", "ß"]
