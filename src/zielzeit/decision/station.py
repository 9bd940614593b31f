"""The boards of one station in event-time order: waiting, deadlines and lateness. Pure, no Flink.

The operator (``udfs/decide.py``), ``zielzeit decide`` and the tests all drive a ``StationProcess``: they hand in where
the station is stored, tell it of boards and of timers, and register the timers that it asks for. The rules themselves
are in ``zielzeit.decision.rules``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.arrival import Arrival, EarlySight, EarlyStep
from zielzeit.decision.decider import Decider, Output, is_possible, preferred_body
from zielzeit.decision.live_station import LiveStation
from zielzeit.decision.state import NEVER
from zielzeit.decision.station_store import (
    ReceivedBoard,
    StationStore,
    decode_board,
    encode_board,
    encode_snapshot,
)
from zielzeit.metrics.recorder import Recorder

END_OF_INPUT: Final = Milliseconds(2**63 - 1)
"""Flink's last watermark: a bounded source has ended."""
SNAPSHOT_EVERY: Final = 16
"""Boards after which a station is stored as a whole: a restart folds as many again, and those of the grace."""


class StationStep(NamedTuple):
    """What a board or a timer leads to."""

    outputs: Sequence[Output] = ()
    at: Milliseconds = NEVER
    """``polled_at`` of the board that was decided; without a board, the time that has passed."""
    board: ReceivedBoard | None = None
    """The board that was decided, if it or a row of it is rejected: for the dead letter."""
    register: Milliseconds | None = None
    """When to call ``on_time``: a timer to register."""
    early: Sequence[object] = ()
    """What ``zielzeit.decision.arrival.EarlySight`` tells at once."""


class StationProcess:
    """Decides boards in order of ``polled_at``, and tells the outcomes when the watermark has passed it by ``grace``.

    A board is folded when it arrives. What it leads to is held until its turn, which moves the *frontier*. If a board
    from between frontier and newest board arrives meanwhile, those after the frontier are folded again in their order.
    So what is told does not depend on the order in which boards arrive within the grace. A board from before the
    frontier only yields ``late`` decisions, at once.

    Stations stay in memory; what is held is in no state. A station that is not in memory is made anew: the snapshot is
    decoded, and the boards since are folded. What they lead to up to the frontier was told before.

    Parameters: ``store`` is where the station of the present call is stored; one process serves any number of stations
    if ``store`` is Flink's keyed state. ``recorder`` counts boards and rows, when they arrive. ``early`` tells of
    trains when a board arrives, and decides nothing.
    """

    def __init__(
        self,
        decider: Decider,
        store: StationStore,
        recorder: Recorder | None = None,
        early: EarlySight[Any] | None = None,
    ) -> None:
        self._decider = decider
        self._store = store
        self._recorder = recorder
        self._early = early
        self._live: dict[str, LiveStation] = {}

    def on_board(self, name: str, polled_at: Milliseconds, board: ReceivedBoard) -> StationStep:
        """A board of the station ``name`` arrives: it is folded and waits for its turn, or is late."""
        live = self.station(name)
        if polled_at <= live.frontier:
            return StationStep(self._late(live, polled_at, board), polled_at, board)
        is_new = polled_at not in live.stored
        if not is_new:
            other = decode_board(self._store.boards[polled_at])
            if preferred_body(board.value, other.value) != board.value:
                return StationStep()
        self._store.boards[polled_at] = encode_board(board)
        if not is_new and board.value == other.value:
            live.came_again(polled_at, board)
            return StationStep()
        live.stored.add(polled_at)
        if is_new and polled_at > live.state.frontier:
            outputs = live.fold(polled_at, board, self._recorder)
            self._prepare_snapshot(live, polled_at)
        else:
            live = self._fold_again(live, polled_at if is_new else None)
            outputs = [output for held in live.held for output in held.outputs]
        return StationStep(register=_timer(live), early=self._tell_early(live, outputs))

    def on_time(self, name: str, timer: Milliseconds, watermark: Milliseconds) -> StationStep:
        """A timer fires: it is the turn of a board or of a deadline; where there is none, nothing happens."""
        live = self.station(name)
        if live.timer <= timer:
            live.timer = NEVER
        due = live.take_turn(timer)
        if due is None and not live.held:
            if watermark == END_OF_INPUT:
                return StationStep()  # nothing more is known of the trains that are on the last boards
            due = live.pass_deadline(timer)
        if due is None:
            return StationStep(register=_timer(live))
        self._advance(live, due.at)
        early = self._tell_final(live, due.outputs)
        if live.next_timer() is None:
            self._rest(live)
        return StationStep(due.outputs, due.at, due.board, _timer(live), early)

    def station(self, name: str) -> LiveStation:
        """Return a station with all boards that have arrived."""
        live = self._live.get(name)
        if live is None:
            live = self._live[name] = self._made_anew(name)
            if self._early is not None:
                told = self._store.told.load()
                live.told = self._early.decode(told) if told else self._early.new()
        return live

    def release(self, name: str) -> None:
        """Keep a station in the store alone, until it is asked for."""
        self._live.pop(name, None)

    def forget(self, name: str) -> None:
        """Remove a station, in memory and store."""
        self.release(name)
        self._store.clear()

    def _late(self, live: LiveStation, polled_at: Milliseconds, board: ReceivedBoard) -> list[Output]:
        """Return what a board from before the frontier says of trains that were decided up to there."""
        then = live
        if live.held:  # boards from after the frontier are folded in ``live``
            then = self._at_frontier(live.name)
            live.stored &= then.stored
        return list(self._decider.take_late(live.name, then.state, then.memory, board.value, polled_at, self._recorder))

    def _fold_again(self, live: LiveStation, new: Milliseconds | None) -> LiveStation:
        """Return the station with all boards, in their order; ``new`` is one that was not folded before."""
        again = self._at_frontier(live.name)
        self._fold_waiting(again, new)
        again.timer, again.told = live.timer, live.told
        self._live[live.name] = again
        return again

    def _made_anew(self, name: str) -> LiveStation:
        live = self._rebuilt(name)
        if len(live.stored) >= SNAPSHOT_EVERY:  # the snapshot that was prepared is gone with the process
            self._store_at_frontier(live)
        self._fold_waiting(live)
        return live

    def _at_frontier(self, name: str) -> LiveStation:
        """Return the station without the boards after the frontier, and store it: it may be asked for again soon."""
        live = self._rebuilt(name)
        self._store_at_frontier(live)
        return live

    def _store_at_frontier(self, live: LiveStation) -> None:
        if any(polled_at <= live.frontier for polled_at in live.stored):
            self._store_snapshot(live, encode_snapshot(live.state, live.memory), live.frontier)

    def _rebuilt(self, name: str) -> LiveStation:
        """Return the station out of the store, without the boards after the frontier."""
        live = LiveStation(self._decider, name, self._store.snapshot.load(), self._store.frontier.load())
        live.stored.update(self._store.boards)
        for polled_at in sorted(live.stored):
            if polled_at <= live.frontier:
                live.fold(polled_at, decode_board(self._store.boards[polled_at]))
        live.pass_time(live.frontier)
        live.held.clear()  # all of it was told before
        return live

    def _fold_waiting(self, live: LiveStation, new: Milliseconds | None = None) -> None:
        for polled_at in sorted(live.stored):
            if polled_at > live.frontier:
                recorder = self._recorder if polled_at == new else None
                live.fold(polled_at, decode_board(self._store.boards[polled_at]), recorder)

    def _advance(self, live: LiveStation, to: Milliseconds) -> None:
        """Move the frontier."""
        if not is_possible(to):  # a rejected board, which no later one is compared with
            self._store.boards.pop(to, None)
            live.stored.discard(to)
            return
        live.frontier = to
        self._store.frontier.store(to)
        if live.next_snapshot is not None and live.next_snapshot[0] == to:
            self._store_snapshot(live, live.next_snapshot[1], to)
            live.next_snapshot = None

    def _prepare_snapshot(self, live: LiveStation, polled_at: Milliseconds) -> None:
        """Encode the station after the newest board, to be stored when that has had its turn and none came between."""
        if len(live.stored) >= SNAPSHOT_EVERY and live.next_snapshot is None and is_possible(polled_at):
            live.next_snapshot = polled_at, encode_snapshot(live.state, live.memory)

    def _store_snapshot(self, live: LiveStation, snapshot: bytes, at: Milliseconds) -> None:
        self._store.snapshot.store(snapshot)
        live.stored = {polled_at for polled_at in live.stored if polled_at > at}
        since = {polled_at: self._store.boards[polled_at] for polled_at in live.stored}
        self._store.boards.clear()  # one call of Flink: few boards are newer than a snapshot
        self._store.boards.update(since)

    def _rest(self, live: LiveStation) -> None:
        """Store a station of which only a board can tell more; it does not stay in memory for that."""
        if live.stored:
            self._store_snapshot(live, encode_snapshot(live.state, live.memory), live.frontier)
        self.release(live.name)

    def _tell_early(self, live: LiveStation, outputs: Sequence[Output]) -> Sequence[object]:
        if self._early is None:
            return ()
        seen = Arrival(live.here, live.state, live.memory, live.state.frontier, outputs)
        return self._told(live, self._early.on_arrival(seen, live.told))

    def _tell_final(self, live: LiveStation, outputs: Sequence[Output]) -> Sequence[object]:
        if self._early is None or not outputs:
            return ()
        return self._told(live, self._early.on_turn(outputs, live.told))

    def _told(self, live: LiveStation, step: EarlyStep) -> Sequence[object]:
        if step.changed and self._early is not None:
            kept = self._early.encode(live.told)
            if kept:
                self._store.told.store(kept)
            else:
                self._store.told.clear()
        return step.outputs


def _timer(live: LiveStation) -> Milliseconds | None:
    """Return the timer to register; None if there is one that is as early, or nothing to wait for."""
    following = live.next_timer()
    if following is None or NEVER < live.timer <= following:
        return None
    live.timer = following
    return following
