"""What boards' spelling finds of a network's state, and what a state knows of other names."""

from __future__ import annotations

from tests.features.test_key_names import ARCHIVE, observe
from zielzeit.features import key_names, known_names
from zielzeit.features.network_state import NetworkState
from zielzeit.stations.table import packaged

NOWHERE = ("Frankfurt (Main) Hbf", "Nirgendwo")


def counts(found: list[known_names.KnownNames]) -> dict[str, tuple[int, int]]:
    return {one.space: (one.shown, one.known) for one in found}


def test_names_with_a_station_that_the_register_lacks_are_not_found_by_boards() -> None:
    state = NetworkState()
    observe(state, ARCHIVE, range(3))
    observe(state, NOWHERE, range(3))
    found = known_names.found_by_boards(state, lambda key: packaged().resolve(key).known)
    assert counts(found) == {
        "station": (4, 3), "hop": (3, 2), "train": (3, 2), "service": (3, 2), "relation": (3, 2),
    }  # fmt: skip
    assert found[0].share == 0.75


def test_a_name_between_stations_that_a_state_lacks_cannot_be_known() -> None:
    state = NetworkState()
    observe(state, ARCHIVE, range(3))
    here, between, there = map(key_names.packaged_keys(), ARCHIVE)
    ways = {(here, between), (between, here), (there, "8000044")}
    found = known_names.among("hop", ways, state)
    assert (found.shown, found.near, found.known, found.share) == (3, 2, 1, 0.5)
    assert known_names.among("hop", set(), state).share == 1.0
