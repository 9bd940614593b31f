"""The decision over recorded boards, without Flink: many stations in memory, driven by one watermark."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision import station_store
from zielzeit.decision.decider import Decider, Output
from zielzeit.decision.station import StationProcess, StationStep
from zielzeit.decision.station_store import ReceivedBoard
from zielzeit.event_time_timers import BEFORE_ALL, EventTimeTimers
from zielzeit.stations.board_key import board_keys
from zielzeit.stations.table import register


class RecordedBoard(Protocol):
    """What is needed of a recorded board: ``zielzeit.boards.record.BoardRecord`` is one."""

    @property
    def station(self) -> str:
        """Station, in any spelling."""

    @property
    def body(self) -> bytes:
        """Body, compressed or not."""

    @property
    def polled_at(self) -> datetime:
        """Event time, aware."""


def in_memory(decider: Decider) -> StationProcess:
    """Return a station's process with new state in memory."""
    return StationProcess(decider, station_store.in_memory())


class Stations:
    """Any number of stations under one watermark: what a subtask of the job is, without Flink."""

    def __init__(self, decider: Decider, new: Callable[[Decider], StationProcess] = in_memory) -> None:
        self._decider = decider
        self._new = new
        self._processes: dict[str, StationProcess] = {}
        self._timers = EventTimeTimers()
        self.watermark = BEFORE_ALL

    def arrive(self, name: str, polled_at: Milliseconds, value: bytes) -> StationStep:
        """A board arrives."""
        process = self._processes.get(name)
        if process is None:
            process = self._processes[name] = self._new(self._decider)
        return self._after(name, process.on_board(name, polled_at, ReceivedBoard(value)))

    def pass_watermark(self, watermark: Milliseconds) -> Iterator[tuple[str, StationStep]]:
        """Let the watermark advance, and fire the timers that it has passed."""
        self.watermark = max(self.watermark, watermark)
        for timer, name in self._timers.fire(self.watermark):
            yield name, self._after(name, self._processes[name].on_time(name, timer, self.watermark))

    def _after(self, name: str, step: StationStep) -> StationStep:
        if step.register is not None:
            self._timers.register(name, step.register)
        return step


def decide(boards: Iterable[RecordedBoard], decider: Decider) -> Iterator[tuple[str, Milliseconds, Output]]:
    """Yield station, time and output of boards sorted by time, in the order in which they are decided.

    The station is its key (``zielzeit.stations.board_key``): boards of two spellings are one station's. The time is
    that of the board, or of the deadline that was reached without one.

    At the end of the recording time passes up to the last board; trains that are still on the boards stay open.
    """
    stations, key = Stations(decider), board_keys(register(decider.stations))
    newest = BEFORE_ALL
    for board in boards:
        at = berlin_time.milliseconds(board.polled_at)
        if at > newest:
            yield from _outputs(stations.pass_watermark(Milliseconds(at - 1)))
            newest = at
        name = key(board.station)
        yield from _outputs([(name, stations.arrive(name, at, board.body))])
    yield from _outputs(stations.pass_watermark(Milliseconds(newest + decider.grace * MINUTE)))


def _outputs(steps: Iterable[tuple[str, StationStep]]) -> Iterator[tuple[str, Milliseconds, Output]]:
    return ((name, step.at, output) for name, step in steps for output in step.outputs)
