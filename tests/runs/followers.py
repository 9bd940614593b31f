"""The followers of any number of trains under one watermark, without Flink: they drive the operator's object."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from zielzeit import berlin_time
from zielzeit.decision.planned_stop import PlannedStop, encode
from zielzeit.event_time_timers import EventTimeTimers
from zielzeit.events.structs import Decision
from zielzeit.events.topic_record import run_key
from zielzeit.runs.group_keys import group_keys
from zielzeit.runs.messages import Message
from zielzeit.runs.run_process import RunProcess
from zielzeit.runs.train_state import TrainState
from zielzeit.stations.register import StationRegister
from zielzeit.stored_value import InMemory

END = 1 << 62
UNKNOWN = StationRegister(())
"""A register without stations: names that differ in more than their spelling are different stations."""


class Encoded(InMemory[TrainState]):
    """A train's state that is encoded and decoded at every step, as in a job that restarts there."""

    def store(self, value: TrainState) -> None:
        super().store(msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=TrainState))


def follow_all(
    decisions: Iterable[Decision | PlannedStop],
    state: Callable[[], InMemory[TrainState]] = lambda: InMemory(TrainState),
    register: StationRegister = UNKNOWN,
) -> list[tuple[int, str, Message]]:
    """Time, key and message of all that decisions lead to, in order of time."""
    timers = EventTimeTimers()
    processes: dict[str, RunProcess] = {}
    station_key = group_keys(register)
    for one in decisions:
        key = run_key(one.category, one.number)
        if key not in processes:
            processes[key] = RunProcess(state(), {}, station_key)
        timer = processes[key].on_decision(berlin_time.milliseconds(one.decided_at), encode(one))
        if timer is not None:
            timers.register(key, timer)
    messages: list[tuple[int, str, Message]] = []
    for at, key in timers.fire(END):
        step = processes[key].on_time(at)
        if step.register is not None:
            timers.register(key, step.register)
        messages += [(at, key, message) for message in step.messages]
    return messages
