"""What a job knows of the network before its first event: the state in which the model's history ended.

A model version carries that state. Sums of the last hours fade within hours and those of finished days within weeks
(``zielzeit.features.statistics``). A state of March therefore says hardly anything in November: its means fall back to
their priors, as those of keys never seen do. Only a state of the future is refused: it would know what it should
predict.
"""

from __future__ import annotations

import logging
from pathlib import Path

from zielzeit.errors import UserError
from zielzeit.features.key_names import StationKey
from zielzeit.features.network_state import NetworkState

log = logging.getLogger(__name__)

_DAY = 24 * 60


def network_at(minute: int, file: Path | None, station_key: StationKey | None = None) -> NetworkState:
    """Return the state in a file, or an empty one where the file is missing, unreadable, or newer than ``minute``.

    ``minute`` counts from 1970 UTC: the job's first event. ``station_key``: as of ``NetworkState``.
    """
    if file is None:
        log.warning("the network's state begins empty: the model in use has none")
        return NetworkState(station_key=station_key)
    try:
        network = NetworkState.from_bytes(file.read_bytes(), station_key)
    except (OSError, ValueError) as error:
        log.warning("the network's state begins empty: %s: %s", file, error)
        return NetworkState(station_key=station_key)
    newest = network.newest()
    if newest > minute:
        log.warning(
            "the network's state begins empty: that of the model is %.0f minutes newer than the first event",
            newest - minute,
        )
        return NetworkState(station_key=station_key)
    log.info("the network's state begins with %s, %.1f days old", file, (minute - newest) / _DAY)
    return network


def read_network(file: Path, station_key: StationKey | None = None) -> NetworkState:
    """Return the state in a file. Raises UserError where it cannot be read or is none."""
    try:
        return NetworkState.from_bytes(file.read_bytes(), station_key)
    except (OSError, ValueError) as error:
        raise UserError(f"the network's state {file}: {error}; `history import` writes it anew") from None
