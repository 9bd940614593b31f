"""What a job knows of the network before its first event: the state in which the model's history ended.

A model version carries that state. What it says of the last hours fades within hours and what it says of finished days
within weeks (``zielzeit.features.statistics``), so a state of March hardly says anything in November: its means fall
back to their
priors as those of keys never seen do. Only a state of the future is refused: it would know what it should predict.
"""

from __future__ import annotations

import logging
from pathlib import Path

from zielzeit.features.network_state import NetworkState

log = logging.getLogger(__name__)

_DAY = 24 * 60


def network_at(minute: int, file: Path | None) -> NetworkState:
    """The state in a file, to begin with at a minute since 1970 UTC; an empty one where the file is of no use."""
    if file is None:
        log.warning("the network's state begins empty: the model in use has none")
        return NetworkState()
    try:
        network = NetworkState.from_bytes(file.read_bytes())
    except (OSError, ValueError) as error:
        log.warning("the network's state begins empty: %s: %s", file, error)
        return NetworkState()
    newest = network.newest()
    if newest > minute:
        log.warning("the network's state begins empty: that of the model is %.0f minutes ahead", newest - minute)
        return NetworkState()
    log.info("the network's state begins with %s, %.1f days old", file, (minute - newest) / _DAY)
    return network
