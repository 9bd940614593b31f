"""The decisions and planned stops of one train in event-time order, and its deadlines. Pure, no Flink.

The operator (``udfs/follow.py``) and the tests drive a ``RunProcess``: they hand in the train's state, tell it of
decisions and of timers, and register the timers that it asks for. What a decision says of a run is in
``zielzeit.runs.tracker``.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from zielzeit.berlin_time import Milliseconds
from zielzeit.decision import planned_stop
from zielzeit.decision.early import EarlyDeparture
from zielzeit.metrics import job
from zielzeit.metrics.recorder import Recorder
from zielzeit.runs.event_time_buffer import EventTimeBuffer
from zielzeit.runs.group_keys import GroupKey
from zielzeit.runs.messages import Departure, EarlyMessage, Ending, Message
from zielzeit.runs.told_departures import ToldDepartures
from zielzeit.runs.tracker import expire, follow, look_ahead, next_due
from zielzeit.runs.train_state import NOT_DUE, TrainState, upgrade
from zielzeit.stored_value import InMemory, StoredValue

_scheduled = attrgetter("scheduled")


class RunStep(NamedTuple):
    """What a timer leads to."""

    messages: Sequence[Message]
    register: Milliseconds | None
    """A timer to register."""


class RunProcess:
    """Follows the runs of one train: decisions in order of ``decided_at``, then of their planned time.

    Parameters: ``train`` is the train's state, ``waiting`` the decisions that wait, by ``decided_at``, ``key`` the
    identity of each station; ``recorder`` counts runs and messages; ``told`` is what was told early; ``timer`` is the
    train's earliest timer that surely is registered, which may be forgotten: timers are then registered twice.
    """

    def __init__(
        self,
        train: StoredValue[TrainState],
        waiting: MutableMapping[Milliseconds, bytes],
        key: GroupKey,
        recorder: Recorder | None = None,
        told: ToldDepartures | None = None,
        timer: StoredValue[Milliseconds] | None = None,
    ) -> None:
        self._train = train
        self._key = key
        self._waiting = EventTimeBuffer(waiting)
        self._recorder = recorder
        self._told = ToldDepartures() if told is None else told
        self._timer = InMemory(lambda: NOT_DUE) if timer is None else timer

    def on_decision(self, decided_at: Milliseconds, decision: bytes) -> Milliseconds | None:
        """A decision or planned stop arrives, encoded, and waits for its turn; return the timer to register, if any."""
        self._waiting.add(decided_at, decision)
        return self._to_register(decided_at)

    def on_early(self, early: EarlyDeparture) -> EarlyMessage:
        """A departure is told before it is decided: return at once what is known of it. Changes nothing."""
        train = self._train.load()
        upgrade(train, self._key)
        return look_ahead(train, early, self._key, self._told)

    def on_time(self, now: Milliseconds) -> RunStep:
        """A timer fires: it is the turn of decisions, or an ending falls due."""
        if self._timer.load() <= now:
            self._timer.clear()
        train = self._train.load()
        upgrade(train, self._key)
        decisions = self._waiting.take(now)
        due = next_due(train)
        messages: list[Message] = []
        if decisions or (due is not None and due <= now):
            messages.extend(self._move_on(train, now, decisions))
            due = next_due(train)
        wanted = [*self._waiting.instants()[:1], *(() if due is None else (due,))]
        return RunStep(messages, self._to_register(min(wanted)) if wanted else None)

    def _move_on(self, train: TrainState, now: Milliseconds, decisions: Sequence[bytes]) -> list[Message]:
        """Let time pass, then take decisions; store the train."""
        known = len(train.runs)
        messages = list(expire(train, now, self._key))
        kept = len(train.runs)
        for decision in sorted(map(planned_stop.decode, decisions), key=_scheduled):
            messages.extend(follow(train, decision, self._key))
        if self._recorder is not None:
            _count(self._recorder, messages, begun=len(train.runs) - kept, forgotten=known - kept)
        if train.runs or train.journeys:
            self._train.store(train)
        else:
            self._train.clear()
        return messages

    def _to_register(self, wanted: Milliseconds) -> Milliseconds | None:
        """Return the timer to register; None if there is one that is as early."""
        if NOT_DUE < self._timer.load() <= wanted:
            return None
        self._timer.store(wanted)
        return wanted


def _count(recorder: Recorder, messages: Sequence[Message], *, begun: int, forgotten: int) -> None:
    if begun:
        recorder.add(job.RUNS_BEGUN, by=begun)
    if forgotten:
        recorder.add(job.RUNS_FORGOTTEN, by=forgotten)
    for message in messages:
        told = {Departure: "departure", Ending: "ending"}.get(type(message), "cancelled_stop")
        recorder.add(job.MESSAGES, told)
