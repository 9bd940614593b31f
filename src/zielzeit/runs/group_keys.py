"""The keys by which a run compares its stations: a part of a station has the key of the whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from zielzeit.stations.register import StationRegister

GroupKey = Callable[[str], str]
"""Returns the key of a station, given any spelling of its name or a key. Two spellings have one key exactly if they
mean one station, or parts of one."""

_MOST_CACHED = 100_000


def group_keys(register: StationRegister) -> GroupKey:
    """Return the function that gives each station the key of its group: a train that ends at ``Hbf (tief)`` reaches
    ``Hbf``."""

    @lru_cache(_MOST_CACHED)
    def key(name: str) -> str:
        return register.whole_of(register.resolve(name).key)

    return key
