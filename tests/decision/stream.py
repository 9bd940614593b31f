"""How the Flink operator brings boards into order, without Flink: for properties that need thousands of runs.

The same rules as ``udfs/decide.py``: a board waits until the watermark has passed it by the grace;
deadlines fall due in between; what comes after its turn is late, also where a restart has made it wait once more.
State is written and read as the operator does.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from zielzeit.berlin_time import MINUTE
from zielzeit.decision.decider import Decider, Outcome, first_of_equals
from zielzeit.decision.rules import Station
from zielzeit.events.structs import Decision


class Arrival(NamedTuple):
    """A board on its way."""

    station: str
    polled_at: int
    value: bytes


class Stream:
    """One subtask: any number of stations, one watermark."""

    def __init__(self, decider: Decider) -> None:
        self._decider = decider
        self._stations: dict[str, bytes] = {}
        self._memories: dict[str, dict[str, bytes]] = {}
        self._waiting: dict[str, dict[int, bytes]] = {}
        self._watermark = -(2**62)
        self.outcomes: list[Outcome] = []

    def arrive(self, board: Arrival) -> None:
        """A board comes in."""
        waiting = self._waiting.setdefault(board.station, {})
        station = self._load(board.station)
        if board.polled_at + self._grace <= self._watermark and board.polled_at <= station.frontier:
            memory = self._memories.setdefault(board.station, {})
            self.outcomes += self._decider.take_late(board.station, station, memory, board.value, board.polled_at)
            return
        present = waiting.get(board.polled_at, board.value)
        waiting[board.polled_at] = first_of_equals(board.value, present)

    def pass_watermark(self, watermark: int) -> None:
        """Time moves on for all stations."""
        self._watermark = max(self._watermark, watermark)
        for name in self._waiting:
            self._fire(name, self._watermark - self._grace)

    def restart(self) -> None:
        """The watermark begins anew, all else is as it was."""
        self._watermark = -(2**62)

    def decisions(self) -> set[tuple[str, int, bytes]]:
        """Id, revision and the whole of every decision but ``late`` and first sights."""
        return {
            (o.id, o.revision, msgspec.json.encode(o))
            for o in self.outcomes
            if isinstance(o, Decision) and o.kind not in ("late", "planned")
        }

    def state(self) -> tuple[int, int]:
        """Entries and remembered trains of all stations."""
        entries = sum(len(self._load(name).entries) for name in self._stations)
        return entries, sum(len(memory) for memory in self._memories.values())

    @property
    def _grace(self) -> int:
        return self._decider.grace * MINUTE

    def _load(self, name: str) -> Station:
        return msgspec.json.decode(self._stations[name], type=Station) if name in self._stations else Station()

    def _fire(self, name: str, to: int) -> None:
        memory, waiting = self._memories.setdefault(name, {}), self._waiting[name]
        while True:
            station = self._load(name)
            turns = [*waiting, station.due] if station.due else [*waiting]
            now = min(turns, default=to + 1)
            if now > to:
                return
            if now in waiting:
                take = self._decider.take if now > station.frontier else self._decider.take_late
                found = take(name, station, memory, waiting.pop(now), now)
            else:
                found = self._decider.pass_time(name, station, memory, now)
            self.outcomes += found
            self._stations[name] = msgspec.json.encode(station)
