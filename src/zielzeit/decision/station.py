"""The boards of one station in event-time order: waiting, deadlines and lateness. Pure, no Flink.

The operator (``udfs/decide.py``), ``zielzeit decide`` and the tests all drive a ``StationProcess``: they hand in the
station's state, tell it of boards and of timers, and register the timers that it asks for. The rules themselves are in
``zielzeit.decision.rules``.
"""

from __future__ import annotations

import struct
from collections.abc import MutableMapping, Sequence
from typing import Final, NamedTuple

from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision.decider import Decider, Output, preferred_body
from zielzeit.decision.sight import Sight
from zielzeit.decision.state import NEVER, Memory, StationState
from zielzeit.metrics.recorder import Recorder
from zielzeit.stored_value import StoredValue

END_OF_INPUT: Final = Milliseconds(2**63 - 1)
"""Flink's last watermark: a bounded source has ended."""

_ORIGIN = struct.Struct(">iq")


class ReceivedBoard(NamedTuple):
    """A record of the topic ``boards``; partition and offset are -1 for a board that comes from no topic."""

    value: bytes
    """The board's body, compressed or not."""
    partition: int = -1
    offset: int = -1


class StationStep(NamedTuple):
    """What a board or a timer leads to."""

    outputs: Sequence[Output] = ()
    at: Milliseconds = NEVER
    """``polled_at`` of the board that was decided; without a board, the time that has passed."""
    board: ReceivedBoard | None = None
    """The board that was decided, for its dead letter."""
    register: Milliseconds | None = None
    """A timer to register."""
    delete: Milliseconds | None = None
    """A timer to delete."""
    early: Sequence[object] = ()
    """What ``zielzeit.decision.arrival.EarlySight`` tells at once."""


class StationProcess:
    """Keeps boards until the watermark has passed them by ``grace``, then decides them in order of ``polled_at``.

    So decisions do not depend on the order in which boards arrive within the grace. A board that arrives after its
    turn only yields ``late`` decisions. There is one timer per waiting board, and one for the earliest deadline of a
    train that falls due without another board.

    Parameters: ``station`` is the station's state, ``memory`` the remembered trains, ``waiting`` the boards that wait,
    by ``polled_at``. State access is expensive in Flink, so each is read only where it is needed. ``recorder`` counts
    boards and rows. ``sight`` belongs to a station whose state stays in memory as the same object (``Decider.take``).
    """

    def __init__(
        self,
        decider: Decider,
        station: StoredValue[StationState],
        memory: Memory,
        waiting: MutableMapping[Milliseconds, bytes],
        recorder: Recorder | None = None,
        sight: Sight | None = None,
    ) -> None:
        self._decider = decider
        self._grace = decider.grace * MINUTE
        self._station = station
        self._memory = memory
        self._waiting = waiting
        self._recorder = recorder
        self._sight = sight

    def on_board(
        self, name: str, polled_at: Milliseconds, board: ReceivedBoard, watermark: Milliseconds
    ) -> StationStep:
        """A board of the station ``name`` arrives: it waits for its turn, or is late."""
        turn = Milliseconds(polled_at + self._grace)
        if turn <= watermark:
            station = self._station.load()
            if polled_at <= station.frontier:
                found = self._decider.take_late(name, station, self._memory, board.value, polled_at, self._recorder)
                return StationStep(list(found), polled_at, board)
        waiting = self._waiting.get(polled_at)
        if waiting is not None and preferred_body(board.value, waiting[_ORIGIN.size :]) != board.value:
            return StationStep()
        self._waiting[polled_at] = _ORIGIN.pack(board.partition, board.offset) + board.value
        return StationStep(register=turn)

    def on_time(self, name: str, timer: Milliseconds, watermark: Milliseconds) -> StationStep:
        """A timer fires: it is the turn of a board, or a deadline is reached."""
        now = Milliseconds(timer - self._grace)
        waiting = self._waiting.pop(now, None)
        if waiting is None and watermark == END_OF_INPUT:
            return StationStep()  # nothing more is known of the trains that are on the last boards
        station = self._station.load()
        before = station.due
        board = None
        if waiting is None:
            found = self._decider.pass_time(name, station, self._memory, now)
        else:
            board = ReceivedBoard(waiting[_ORIGIN.size :], *_ORIGIN.unpack_from(waiting))
            if now > station.frontier:
                found = self._decider.take(name, station, self._memory, board.value, now, self._recorder, self._sight)
            else:  # a restart resets the watermark, so a board that is late may have been kept waiting
                found = self._decider.take_late(name, station, self._memory, board.value, now, self._recorder)
        step = StationStep(list(found), now, board, *self._moved_timer(before, station.due))
        self._station.store(station)
        return step

    def forget(self) -> None:
        """Remove the station's state."""
        self._station.clear()
        self._memory.clear()
        self._waiting.clear()

    def _moved_timer(self, before: Milliseconds, due: Milliseconds) -> tuple[Milliseconds | None, Milliseconds | None]:
        """Timers to register and to delete after the earliest deadline has moved (0: there is none)."""
        if before == due:
            return None, None
        register = Milliseconds(due + self._grace) if due else None
        # A key has one timer per instant: the one for the old deadline may be a waiting board's, too.
        delete = Milliseconds(before + self._grace) if before and before not in self._waiting else None
        return register, delete
