"""Where the register knows a station from."""

from __future__ import annotations

from enum import IntEnum


class Source(IntEnum):
    """Sources of station names; of two that claim one spelling the smaller number wins."""

    OWN_FILE = 0
    """The user's file, ``ZIELZEIT_STATIONS``."""
    TABLE = 1
    """The packaged table: stations where trains call."""
    ARCHIVE = 2
    """Names that an archive carries beside EVA numbers. They never change what the table says."""
    STOP = 3
    """Stops of buses and trams near stations, where replacement buses call."""
