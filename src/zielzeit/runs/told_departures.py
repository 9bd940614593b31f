"""What was told early of the departures of the last hour, for the features of the run's next early departures. Pure.

A departure is decided a quarter of an hour after it. Of a train that stops every few minutes the departures before an
early one are therefore not decided yet, but told. They are kept in memory alone: after a restart the features of the
next early predictions know less. Nothing that is decided looks at them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from zielzeit.berlin_time import MINUTE, Milliseconds, UtcMinutes

KEPT: Final = 60 * MINUTE
"""Milliseconds of event time for which a departure is kept: by then it is decided."""

Left = tuple[UtcMinutes, int, str]
"""Planned departure, delay shown (minutes) and key of the station."""


class ToldDepartures:
    """Departures by train (category and number)."""

    def __init__(self) -> None:
        self._of_train: dict[str, dict[tuple[UtcMinutes, str], int]] = {}
        self._order: deque[tuple[Milliseconds, str, tuple[UtcMinutes, str]]] = deque()

    def note(self, train: str, at: Milliseconds, left: Left, *, retracted: bool = False) -> None:
        """Note a departure that a board of the time ``at`` tells, or that it was none."""
        planned, delay, station = left
        if retracted:
            self._forget(train, (planned, station))
        else:
            self._of_train.setdefault(train, {})[planned, station] = delay
            self._order.append((at, train, (planned, station)))
        while self._order and self._order[0][0] < at - KEPT:
            _, old, departure = self._order.popleft()
            self._forget(old, departure)

    def _forget(self, train: str, departure: tuple[UtcMinutes, str]) -> None:
        known = self._of_train.get(train, {})
        known.pop(departure, None)
        if not known:
            self._of_train.pop(train, None)

    def before(self, train: str, planned: UtcMinutes, decided: Sequence[Left]) -> list[Left]:
        """Return the departures of the hour before a planned time that are told and not among the decided ones."""
        known = {(at, station) for at, _, station in decided}
        earliest = planned - KEPT // MINUTE
        told = self._of_train.get(train, {})
        return [
            (at, delay, station)
            for (at, station), delay in told.items()
            if earliest <= at < planned and (at, station) not in known
        ]
