"""Boards in any order under a watermark, without Flink: for properties that need thousands of runs.

The object under test is the operator's, ``StationProcess``. It is made anew again and again out of what is stored, as
the operator's is after a restart.
"""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import msgspec

from zielzeit.decision import station_store
from zielzeit.decision.arrival import EarlySight
from zielzeit.decision.decider import Decider, Output
from zielzeit.decision.live_station import LiveStation
from zielzeit.decision.offline import Stations
from zielzeit.decision.station import StationProcess
from zielzeit.event_time_timers import BEFORE_ALL
from zielzeit.events.structs import Decision


class Arrival(NamedTuple):
    """A board on its way."""

    station: str
    polled_at: int
    value: bytes


class Restarting(StationProcess):
    """A process that loses what is not stored before every eighth step, at random."""

    chance = random.Random(1)

    def station(self, name: str) -> LiveStation:
        if self.chance.random() < 1 / 8:
            self.release(name)
        return super().station(name)


class Stream:
    """One subtask: any number of stations, one watermark; ``early`` tells of trains when boards arrive."""

    def __init__(
        self,
        decider: Decider,
        process: type[StationProcess] = Restarting,
        early: EarlySight[Any] | None = None,
    ) -> None:
        self._processes: list[StationProcess] = []
        self._new_process = process
        self._stations = Stations(decider, self._new)
        self.outputs: list[Output] = []
        self.early: list[object] = []
        self._sight = early

    def arrive(self, board: Arrival) -> None:
        """A board comes in."""
        step = self._stations.arrive(*board)
        self.outputs += step.outputs
        self.early += step.early

    def pass_watermark(self, watermark: int) -> None:
        """Time moves on for all stations."""
        for _, step in self._stations.pass_watermark(watermark):
            self.outputs += step.outputs
            self.early += step.early

    def restart(self) -> None:
        """The watermark begins anew, all else is as it was."""
        self._stations.watermark = BEFORE_ALL

    def decisions(self) -> set[tuple[str, int, bytes]]:
        """Id, revision and the whole of every decision but ``late`` and first sights."""
        return {
            (o.id, o.revision, msgspec.json.encode(o))
            for o in self.outputs
            if isinstance(o, Decision) and o.kind != "late"
        }

    def state(self) -> tuple[int, int]:
        """Entries and remembered trains of all stations."""
        for process in self._processes:
            process.release("")
        stations = [process.station("") for process in self._processes]
        return sum(len(one.state.entries) for one in stations), sum(len(one.memory) for one in stations)

    def _new(self, decider: Decider) -> StationProcess:
        self._processes.append(self._new_process(decider, station_store.in_memory(), early=self._sight))
        return self._processes[-1]
