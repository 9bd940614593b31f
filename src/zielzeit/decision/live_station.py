"""A station in memory: its state with all boards that have arrived, and the outcomes that wait for their turn."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision.decider import Decider, Output, RejectedBoard, is_possible
from zielzeit.decision.own_station import OwnStation
from zielzeit.decision.state import NEVER
from zielzeit.decision.station_store import ReceivedBoard, decode_snapshot
from zielzeit.metrics.recorder import Recorder


class Held(NamedTuple):
    """What a board or a deadline leads to."""

    turn: Milliseconds
    """Event time at which it is told: ``at`` and the grace."""
    at: Milliseconds
    """``polled_at`` of the board, or the deadline."""
    outputs: Sequence[Output]
    board: ReceivedBoard | None = None
    """The board, where one of the outputs rejects it or a row of it."""


class LiveStation:
    """One station at work. ``snapshot`` is what it begins with, ``frontier`` up to where its outcomes are told."""

    def __init__(self, decider: Decider, name: str, snapshot: bytes, frontier: Milliseconds) -> None:
        self.name = name
        self.state, self.memory = decode_snapshot(snapshot)
        """With all boards that have arrived, and their deadlines."""
        self.frontier = frontier
        self.held: list[Held] = []
        """Sorted by ``turn``."""
        self.stored: set[Milliseconds] = set()
        """``polled_at`` of the boards that are stored since the snapshot."""
        self.next_snapshot: tuple[Milliseconds, bytes] | None = None
        """The station after a board that waits for its turn: it is stored when that has come."""
        self.timer = NEVER
        """The earliest timer that surely is registered; 0 if none is known."""
        self.told: Any = None
        """As of ``zielzeit.decision.arrival.EarlySight``."""
        self._decider = decider
        self._grace = decider.grace * MINUTE
        self._sight = decider.new_sight()

    @property
    def here(self) -> OwnStation:
        """The station as its boards are known to name it."""
        return self._decider.here(self.name, self.state, self._sight)

    def fold(self, polled_at: Milliseconds, board: ReceivedBoard, recorder: Recorder | None = None) -> Sequence[Output]:
        """Take a board that lies after all that were folded; hold what it leads to, and return it."""
        found: list[Output] = []
        if 0 < self.state.due < polled_at and is_possible(polled_at):
            # What falls due before the board is told before it.
            found += self._pass_time(Milliseconds(polled_at - 1))
        outputs = list(
            self._decider.take(
                self.name, self.state, self.memory, board.value, polled_at, recorder=recorder, sight=self._sight
            )
        )
        rejected = any(isinstance(output, RejectedBoard) for output in outputs)
        self._hold(Held(Milliseconds(polled_at + self._grace), polled_at, outputs, board if rejected else None))
        return found + outputs

    def pass_time(self, to: Milliseconds) -> None:
        """Let time pass without a board; hold what falls due."""
        if self.state.frontier < to:
            self._pass_time(to)

    def pass_deadline(self, timer: Milliseconds) -> Held | None:
        """Let time pass up to the next deadline, if its turn has come; return what falls due."""
        if not NEVER < self.state.due <= timer - self._grace:
            return None
        self._pass_time(self.state.due)  # nothing is found if ``due`` was too early: it may be
        return self.take_turn(timer)

    def take_turn(self, timer: Milliseconds) -> Held | None:
        """Remove and return what is to be told first, if its turn has come."""
        return self.held.pop(0) if self.held and self.held[0].turn <= timer else None

    def next_timer(self) -> Milliseconds | None:
        """Return when the next outcomes have their turn; None where only a board can lead to some."""
        if self.held:
            return self.held[0].turn
        return Milliseconds(self.state.due + self._grace) if self.state.due else None

    def came_again(self, polled_at: Milliseconds, board: ReceivedBoard) -> None:
        """Note that the same board came once more: its dead letters name the last record."""
        self.held = [
            one._replace(board=board) if one.at == polled_at and one.board is not None else one for one in self.held
        ]

    def _pass_time(self, to: Milliseconds) -> list[Output]:
        found = list(self._decider.pass_time(self.name, self.state, self.memory, to))
        for decided_at, outputs in groupby(found, attrgetter("decided_at")):
            turn = berlin_time.milliseconds(decided_at)
            self._hold(Held(turn, Milliseconds(turn - self._grace), list(outputs)))
        return found

    def _hold(self, held: Held) -> None:
        insort(self.held, held, key=_turn)


_turn = attrgetter("turn")
