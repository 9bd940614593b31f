"""The decisions and planned stops of trains in event-time order, and the trains' deadlines. Pure, no Flink.

The operator (``udfs/follow.py``) and the tests drive a ``RunProcess``: they hand in the trains' state, tell it of
decisions and of timers, and register the timers that it asks for. What a decision says of a run is in
``zielzeit.runs.tracker``.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from zielzeit.berlin_time import Milliseconds
from zielzeit.decision import planned_stop
from zielzeit.decision.early import EarlyDeparture
from zielzeit.metrics import job
from zielzeit.metrics.recorder import Recorder
from zielzeit.runs.due_trains import DueTrains
from zielzeit.runs.event_time_buffer import EventTimeBuffer, Waiting
from zielzeit.runs.group_keys import GroupKey
from zielzeit.runs.messages import Departure, EarlyMessage, Ending, Message, RunMessage
from zielzeit.runs.told_departures import ToldDepartures
from zielzeit.runs.tracker import expire, follow, look_ahead, next_due
from zielzeit.runs.train_state import TrainState

_MOST: Final = 1_000
"""Trains that have their turn in one step, unless one instant has more."""

_scheduled = attrgetter("scheduled")


class RunStep(NamedTuple):
    """What a timer leads to."""

    messages: Sequence[RunMessage]
    """In order of time, and at one instant of train."""
    register: Milliseconds | None
    """When to call ``on_time``: a timer to register."""


class RunProcess:
    """Follows the runs of trains, of each in order of ``decided_at``, then of planned time.

    Parameters: ``trains`` holds the state of each train (category and number), ``waiting`` the decisions that wait
    (``EventTimeBuffer``); ``key`` is the identity of each station; ``recorder`` counts runs and messages.
    """

    def __init__(
        self,
        trains: MutableMapping[str, TrainState],
        waiting: MutableMapping[int, bytes],
        key: GroupKey,
        recorder: Recorder | None = None,
    ) -> None:
        self._trains = trains
        self._key = key
        self._waiting = EventTimeBuffer(waiting)
        self._recorder = recorder
        self._told = ToldDepartures()
        self._due: DueTrains | None = None
        """When decisions have their turn or trains something to do; None: not read from the state yet."""
        self._timer: Milliseconds | None = None
        """The earliest timer that surely is registered."""

    def on_decision(self, train: str, decided_at: Milliseconds, decision: bytes) -> Milliseconds | None:
        """A decision or planned stop arrives, encoded, and waits for its turn; return the timer to register, if any."""
        self._waiting.add([Waiting(decided_at, train, decision)])
        return self._next_timer()

    def on_early(self, train: str, early: EarlyDeparture) -> EarlyMessage:
        """A departure is told before it is decided: return at once what is known of it. Changes nothing."""
        return look_ahead(self._state(train), early, self._key, self._told)

    def on_time(self, watermark: Milliseconds) -> RunStep:
        """A timer fires: all decisions up to the watermark have arrived."""
        if self._timer is not None and self._timer <= watermark:
            self._timer = None
        messages: list[RunMessage] = []
        moved = 0
        while (now := self._earliest()) is not None and now <= watermark and moved < _MOST:
            turn = self._turn(now)
            moved += len(turn)
            messages += [
                RunMessage(now, train, message)
                for train, decisions in sorted(turn.items())
                for message in self._move_on(train, now, decisions)
            ]
        self._waiting.store()
        return RunStep(messages, self._next_timer())

    def _turn(self, now: Milliseconds) -> dict[str, list[bytes]]:
        """Take the trains for which something is due at an instant, and decisions of it; return these by train."""
        decisions: dict[str, list[bytes]] = {train: [] for train in self._known_due().take(now)}
        for _, train, decision in self._waiting.take(now):
            decisions.setdefault(train, []).append(decision)
        return decisions

    def _move_on(self, train: str, now: Milliseconds, decisions: Sequence[bytes]) -> list[Message]:
        """Let time pass for a train, then take decisions; store the train."""
        state = self._state(train)
        known = len(state.runs)
        messages = list(expire(state, now, self._key))
        kept = len(state.runs)
        for decision in sorted(map(planned_stop.decode, decisions), key=_scheduled):
            messages.extend(follow(state, decision, self._key))
        if self._recorder is not None:
            _count(self._recorder, messages, begun=len(state.runs) - kept, forgotten=known - kept)
        if state.runs or state.journeys:
            self._trains[train] = state
        else:
            self._trains.pop(train, None)
        self._known_due().move(train, next_due(state))
        return messages

    def _state(self, train: str) -> TrainState:
        state = self._trains.get(train)
        return TrainState() if state is None else state

    def _known_due(self) -> DueTrains:
        if self._due is None:
            self._due = DueTrains()
            for train in self._trains:
                self._due.move(train, next_due(self._trains[train]))
        return self._due

    def _earliest(self) -> Milliseconds | None:
        """Return the earliest instant at which there is something to do."""
        due, waits = self._known_due().earliest(), self._waiting.earliest()
        return min(filter(None, (due, waits)), default=None)

    def _next_timer(self) -> Milliseconds | None:
        """Return the timer to register; None if there is one that is as early, or nothing to do."""
        wanted = self._earliest()
        if wanted is None or (self._timer is not None and self._timer <= wanted):
            return None
        self._timer = wanted
        return wanted


def _count(recorder: Recorder, messages: Sequence[Message], *, begun: int, forgotten: int) -> None:
    if begun:
        recorder.add(job.RUNS_BEGUN, by=begun)
    if forgotten:
        recorder.add(job.RUNS_FORGOTTEN, by=forgotten)
    for message in messages:
        told = {Departure: "departure", Ending: "ending"}.get(type(message), "cancelled_stop")
        recorder.add(job.MESSAGES, told)
