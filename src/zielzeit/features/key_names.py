"""Names under which the network's tables keep what is known: made of the keys of stations, never of their spellings.

The stream (``zielzeit.features.network_state``) and the archive (``training.history.assembly``) form names by the same
functions. A name is the key of a station, or a tuple whose last two entries are keys of stations.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from zielzeit.stations.register import StationRegister
from zielzeit.stations.table import packaged

StationKey = Callable[[str], str]
"""Returns the key of a station, given any spelling of its name or its key: ``StationIdentity.key``."""
Name = str | tuple[int | str, ...]

_MOST_CACHED = 100_000


def station_keys(register: StationRegister) -> StationKey:
    """Return the function that gives a register's key of each station."""

    @lru_cache(_MOST_CACHED)
    def key(spelling: str) -> str:
        return register.resolve(spelling).key

    return key


@cache
def packaged_keys() -> StationKey:
    """Return the keys of the packaged register."""
    return station_keys(packaged())


def hop(station: str, next_station: str) -> tuple[str, str]:
    """Name of the way from a stop to the next one; all arguments of these functions are keys."""
    return station, next_station


def train(category: str, number: str, station: str, destination: str) -> tuple[str, str, str, str]:
    """Name of a train number between a station and the destination."""
    return category, number, station, destination


def service(train_class: int, line_or_category: str, station: str, destination: str) -> tuple[int, str, str, str]:
    """Name of a line, or of the trains of a category without line, between a station and the destination."""
    return train_class, line_or_category, station, destination


def relation(train_class: int, station: str, destination: str) -> tuple[int, str, str]:
    """Name of all trains of a class between a station and the destination."""
    return train_class, station, destination


def resolved(name: Name, key: StationKey) -> Name:
    """Return a name with the keys of its stations; it may be made of spellings, as before November 2026, or of keys."""
    if isinstance(name, str):
        return key(name)
    *what, station, destination = name
    return (*what, key(str(station)), key(str(destination)))
