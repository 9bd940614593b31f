"""Boards in any order under a watermark, without Flink: for properties that need thousands of runs.

The object under test is the operator's, ``StationProcess``. Its state is encoded and decoded at every step, as the
operator's is.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from zielzeit.decision.decider import Decider, Output
from zielzeit.decision.offline import Stations
from zielzeit.decision.state import StationState
from zielzeit.decision.station import StationProcess
from zielzeit.event_time_timers import BEFORE_ALL
from zielzeit.events.structs import Decision


class Arrival(NamedTuple):
    """A board on its way."""

    station: str
    polled_at: int
    value: bytes


class Encoded:
    """A station's state as bytes: nothing survives a step but what is stored."""

    def __init__(self) -> None:
        self._stored = b""

    def load(self) -> StationState:
        return msgspec.json.decode(self._stored, type=StationState) if self._stored else StationState()

    def store(self, value: StationState) -> None:
        self._stored = msgspec.json.encode(value)

    def clear(self) -> None:
        self._stored = b""


class Stream:
    """One subtask: any number of stations, one watermark."""

    def __init__(self, decider: Decider) -> None:
        self._states: list[tuple[Encoded, dict[str, bytes]]] = []
        self._stations = Stations(decider, self._new)
        self.outputs: list[Output] = []

    def arrive(self, board: Arrival) -> None:
        """A board comes in."""
        self.outputs += self._stations.arrive(*board).outputs

    def pass_watermark(self, watermark: int) -> None:
        """Time moves on for all stations."""
        for _, step in self._stations.pass_watermark(watermark):
            self.outputs += step.outputs

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
        entries = sum(len(station.load().entries) for station, _ in self._states)
        return entries, sum(len(memory) for _, memory in self._states)

    def _new(self, decider: Decider) -> StationProcess:
        station, memory = Encoded(), dict[str, bytes]()
        self._states.append((station, memory))
        return StationProcess(decider, station, memory, {})
