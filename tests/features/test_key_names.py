"""Stations are one station in the network's tables, however they are spelled; states by names are read."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from tests.features.test_network_state import NOON, departure, named
from zielzeit.features import key_names
from zielzeit.features.named_tables import NamedTables
from zielzeit.features.network_state import Arrival, NetworkState, feature_row

ARCHIVE = ("Frankfurt (Main) Hbf", "Köln Messe/Deutz", "Köln Hbf")
BOARDS = ("Frankfurt(Main)Hbf", "Koeln Messe Deutz", "KÖLN HAUPTBAHNHOF")


def as_spelled(name: str) -> str:
    return name


def observe(state: NetworkState, way: tuple[str, ...], days: range, delay: int = 3, minute: int = 0) -> None:
    """One train a day over the way, which grows later at every stop and is cancelled at the last one on some days."""
    for day in days:
        left = []
        for place, station in enumerate(way[:-1]):
            before = {"earlier_delays": (delay,), "previous_station": way[place - 1], "previous_minutes": 20.0 + day}
            one = departure(
                station, way[place + 1 :], 1440 * day + minute + 20 * place, delay + day + place,
                horizon=20.0 * (len(way) - 1 - place), **(before if place else {}),
            )  # fmt: skip
            state.observe_departure(one)
            left.append(one)
        at = NOON + timedelta(days=day, minutes=minute + 100)
        end = None if day % 3 == 2 else delay + 5 + day
        state.observe_arrival(Arrival(departures=tuple(left), delay=end, decided_at=at, last_hop_minutes=20.0))
        state.observe_cancelled_stop(way[1], at)


def test_what_the_archive_taught_is_found_by_the_boards_spelling() -> None:
    state = NetworkState()
    observe(state, ARCHIVE, range(5))
    one, other = (
        named(feature_row(departure(way[0], way[1:], 1440 * 5, 4, horizon=40.0), state)) for way in (ARCHIVE, BOARDS)
    )
    assert other["relation_weight"] > 2
    assert other["slack"] == 0.0
    np.testing.assert_array_equal(list(other.values()), list(one.values()))


@pytest.mark.parametrize("days", [range(6, 9), range(5, 8), range(0, 3)])
def test_a_state_of_two_spellings_becomes_what_one_spelling_would_have_been(days: range) -> None:
    """Old states know both spellings, one of them more recently: their rows are merged exactly."""
    old, right = NetworkState(station_key=as_spelled), NetworkState()
    for day in range(9):
        for state in (old, right):
            if day < 6:
                observe(state, ARCHIVE, range(day, day + 1))
            if day in days:
                observe(state, BOARDS, range(day, day + 1), delay=11, minute=240)
    read = NetworkState.from_bytes(old.to_bytes())
    found, expected = (NamedTables.from_bytes(state.to_bytes()) for state in (read, right))
    assert found.keys == expected.keys
    for name, table in expected.tables._asdict().items():
        np.testing.assert_allclose(getattr(found.tables, name), table, atol=1e-9, err_msg=name)
    observe(read, BOARDS, range(10, 11))  # the tables grow again


def test_a_state_of_names_without_a_second_spelling_only_gets_other_names() -> None:
    old, right = NetworkState(station_key=as_spelled), NetworkState()
    for state in (old, right):
        observe(state, ARCHIVE, range(4))
    assert NetworkState.from_bytes(old.to_bytes()).to_bytes() == right.to_bytes()
    assert NetworkState.from_bytes(right.to_bytes()).to_bytes() == right.to_bytes()


def test_names_that_the_register_lacks_are_compared_in_their_comparable_form() -> None:
    key = key_names.packaged_keys()
    assert key("Nirgendwo (Süd)") == key("nirgendwo  sued") != key("Nirgendwo")
    assert key_names.resolved((1, "7", "Nirgendwo (Süd)", ARCHIVE[2]), key) == (1, "7", "nirgendwo sued", "8000207")
    assert key_names.resolved(("RE", "4711", "8000105", "8000207"), key) == ("RE", "4711", "8000105", "8000207")
