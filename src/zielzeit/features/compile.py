"""Compile the feature functions as the stream calls them, so that no TaskManager has to: ``./zielzeit setup`` and the
images do so. Takes some fifteen seconds of processor time, and a second where the machine code is on disk.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from zielzeit.features.network_state import Arrival, FeatureInput, NetworkState

_AT: Final = datetime(2026, 3, 4, 11, tzinfo=UTC)
_DEPARTURE: Final = FeatureInput(
    category="RE",
    number="1",
    line="1",
    station="B",
    destination="C",
    scheduled=_AT,
    decided_at=_AT,
    delay=0,
    horizon=10.0,
    route_ahead=("C",),
    earlier_delays=(0,),
    previous_station="A",
    previous_minutes=10.0,
)
"""Of invented stations. Types alone matter: each function is compiled for those of its arguments."""


def compile_features() -> None:
    """Call every compiled function that a departure, a cancelled stop or the end of a run leads to."""
    state = NetworkState(station_key=str)
    state.describe(_DEPARTURE)
    state.observe_departure(_DEPARTURE)
    state.observe_cancelled_stop("B", _AT)
    state.observe_arrival(Arrival(departures=(_DEPARTURE,), delay=0, decided_at=_AT))


if __name__ == "__main__":
    compile_features()
