"""One station whose boards arrive: what its process tells early, and what it decides."""

from __future__ import annotations

from typing import Any

from tests.decision.handmade import HERE, at, body
from tests.decision.stream import Arrival, Stream
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision.decider import Decider
from zielzeit.decision.early import EarlyDeparture, EarlyDepartures
from zielzeit.decision.rules import Rules
from zielzeit.events.structs import Decision


class Arrivals:
    """A station's process, restarted now and then; each board is followed by the watermark of the newest one."""

    def __init__(self, minutes: int = 3, waiting: Rules | None = None, *, grace: int = 5, name: str = HERE) -> None:
        self.name = name
        decider = Decider(waiting or Rules(), grace)
        self._stream = Stream(decider, early=EarlyDepartures(decider, minutes) if minutes else None)
        self._newest, self._boards = Milliseconds(0), 0

    @property
    def records(self) -> list[EarlyDeparture]:
        """All that was told early."""
        return [one for one in self._stream.early if isinstance(one, EarlyDeparture)]

    @property
    def decided(self) -> list[Decision]:
        """All that was decided."""
        return [one for one in self._stream.outputs if isinstance(one, Decision)]

    def board(self, time: str, *rows: dict[str, Any]) -> list[EarlyDeparture]:
        """What a board with these rows tells, and what is final by then. Its body differs from the one before."""
        self._boards += 1
        return self.arrive(at(time), body(*rows) + b" " * self._boards)

    def arrive(self, polled_at: Milliseconds, value: bytes) -> list[EarlyDeparture]:
        """What a body tells, and what is final by then."""
        before = len(self._stream.early)
        self._stream.arrive(Arrival(self.name, polled_at, value))
        self._newest = max(self._newest, polled_at)
        self._stream.pass_watermark(self._newest)
        return self.records[before:]

    def until(self, time: str) -> list[EarlyDeparture]:
        """What is told when the watermark has passed a time by the grace."""
        before = len(self._stream.early)
        self._stream.pass_watermark(at(time) + 5 * MINUTE)
        return self.records[before:]
