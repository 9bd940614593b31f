"""The keys by which a run's stations are compared: names are for people."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from zielzeit.stations.register import StationRegister

StationKey = Callable[[str], str]
"""Returns the key of a station, given any spelling of its name or a key. Two spellings have one key exactly if they
mean one station, or parts of one."""

_MOST_CACHED = 100_000


def group_keys(register: StationRegister) -> StationKey:
    """Return the function that gives each station the key of its group: a train that ends at ``Hbf (tief)`` reaches
    ``Hbf``."""

    @lru_cache(_MOST_CACHED)
    def key(name: str) -> str:
        return register.whole_of(register.resolve(name).key)

    return key
