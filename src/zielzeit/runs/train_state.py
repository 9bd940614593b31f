"""The state of one train (category and number): its runs of these days. Nothing here decides.

Stations are written as ``zielzeit.runs.tracker`` compares them: by the key of the station's group. The order of the
fields is the format in which the job stores them: ``JobDescription.state_format`` tells another one.
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
    calls_again: bool = False
    """True if the run should have called there once more: it ended at the first of two calls."""


class Call(msgspec.Struct, array_like=True):
    """A stop from which the run goes on. A run may call at a station twice."""

    station: str
    planned: UtcMinutes
    """Planned departure."""
    calls_again: bool
    """True if the run calls there once more."""
    delay: int | None = None
    """Delay of the departure as last corrected, minutes; None if it has not left."""
    cancelled: bool = False


class Run(msgspec.Struct, array_like=True):
    """One run: the train on one service day, as far as boards have shown it."""

    first_planned: UtcMinutes
    """Earliest planned time at a stop."""
    last_planned: UtcMinutes
    """Latest planned time at a stop."""
    stops: list[str]
    """Every stop that a board named."""
    arrivals: dict[str, UtcMinutes] = {}
    """Station → planned arrival, where the run ends."""
    departures: list[Departure] = []
    """Departures without an ending yet."""
    ends: dict[str, RunEnd] = {}
    """Station → what was decided there, where the run ends."""
    due: Milliseconds = NOT_DUE
    """When the pending departures get their ending."""
    forget_at: Milliseconds = NOT_DUE
    """When the run is forgotten."""
    passed: dict[str, int] = {}
    """Station → delay of the arrival as last corrected, minutes, where the train went on."""
    cancelled: list[str] = []
    """Stations that are not served by any call, in the newest decision that speaks of them."""
    cancelled_by: dict[str, str] = {}
    """Row at a station where the train does not call → key of the station whose board said so first."""
    calls: list[Call] = []
    """Where a board has shown it to depart."""

    def left(self) -> list[tuple[UtcMinutes, int, str]]:
        """Planned departure, delay and station of each call that the run has left, in order of time."""
        return sorted((call.planned, call.delay, call.station) for call in self.calls if call.delay is not None)

    def arrival(self, destination: str) -> UtcMinutes | None:
        """Return the planned arrival at the destination, if a board has shown it; where it goes on, its departure."""
        passing = (call.planned for call in self.calls if call.station == destination and not call.calls_again)
        return self.arrivals.get(destination, max(passing, default=None))


class TrainState(msgspec.Struct, array_like=True):
    """State of one train: its runs of these days, and how long its journeys take."""

    runs: list[Run] = []
    journeys: dict[str, int] = {}
    """``station>destination`` → planned minutes, from earlier runs; the station is named once for each call that the
    run still makes there."""
    learnt_at: Milliseconds = NOT_DUE
    """When a journey was last learnt."""
    sweep_at: Milliseconds = NOT_DUE
    """When to look whether the journeys are to be forgotten: ``zielzeit.runs.journeys``."""
