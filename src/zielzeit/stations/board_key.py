"""The key of a station's boards: on the topic, in the lake, in the job's state, and at the head of a decision's id."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from zielzeit.stations.register import StationRegister
from zielzeit.stations.spelling import composed

BoardKey = Callable[[str], str]
"""Returns the key of a station, whichever way it was asked for; of a key, that key."""

_MOST_CACHED = 100_000


def board_keys(register: StationRegister) -> BoardKey:
    """Return the function that gives a station's boards their key.

    It is the boards' name of a station that the register knows, of ``8000105``, ``FF`` and ``Frankfurt (Main) Hbf``
    alike: ``Frankfurt(Main)Hbf``. Where that name means another station or none surely, it is the EVA number. A name
    that the register lacks, or that several stations bear, is its own key, in composed Unicode.
    """

    @lru_cache(_MOST_CACHED)
    def key(spelling: str) -> str:
        identity = register.resolve(spelling)
        if not identity.known:
            return identity.eva or composed(spelling)
        station = register.station(identity.key)
        return station.name if station and register.resolve(station.name) == identity else identity.key

    return key
