"""The state of one train (category and number): its runs of these days. Nothing here decides.

Stations are written as ``zielzeit.runs.tracker`` compares them: by the key of the station's group. The order of the
fields is the format in which the job stores them.
"""

from __future__ import annotations

import msgspec

from zielzeit.berlin_time import Milliseconds, UtcMinutes
from zielzeit.runs.messages import Departure

NOT_DUE = Milliseconds(0)
"""Stands for an instant that does not exist: nothing is pending."""


class RunEnd(msgspec.Struct, array_like=True):
    """What was decided at a station where the run ends."""

    planned: UtcMinutes
    """Planned arrival."""
    delay: int
    """Minutes."""
    cancelled: bool


class Run(msgspec.Struct, array_like=True):
    """One run: the train on one service day, as far as boards have shown it."""

    first_planned: UtcMinutes
    """Earliest planned time at a stop."""
    last_planned: UtcMinutes
    """Latest planned time at a stop."""
    stops: list[str]
    """Every stop that a board named."""
    planned: dict[str, UtcMinutes] = {}
    """Station → planned departure."""
    arrivals: dict[str, UtcMinutes] = {}
    """Station → planned arrival, where the run ends. Kept apart because a ring line ends where it begins."""
    departures: list[Departure] = []
    """Departures without an ending yet."""
    delays: dict[str, tuple[UtcMinutes, int]] = {}
    """Station → planned departure and delay as last corrected, minutes."""
    ends: dict[str, RunEnd] = {}
    """Station → what was decided there, where the run ends."""
    due: Milliseconds = NOT_DUE
    """When the pending departures get their ending."""
    forget_at: Milliseconds = NOT_DUE
    """When the run is forgotten."""
    passed: dict[str, int] = {}
    """Station → delay of the arrival as last corrected, minutes, where the train went on."""
    cancelled: list[str] = []
    """Stops that are cancelled in the newest decision that speaks of them."""
    cancelled_by: dict[str, str] = {}
    """Row at a station where the train does not call → key of the station whose board said so first."""


class TrainState(msgspec.Struct, array_like=True):
    """State of one train: its runs of these days, and how long its journeys take."""

    runs: list[Run] = []
    journeys: dict[str, int] = {}
    """``station>destination`` → planned minutes, from earlier runs."""
    has_names: bool = True
    """True if an older version wrote names where stations stand now: ``zielzeit.runs.tracker.resolve_names``."""
