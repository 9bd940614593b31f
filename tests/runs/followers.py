"""The runs of any number of trains under one watermark, without Flink: they drive the operator's object."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping

import msgspec

from zielzeit import berlin_time
from zielzeit.decision.planned_stop import PlannedStop, encode
from zielzeit.event_time_timers import EventTimeTimers
from zielzeit.events.structs import Decision
from zielzeit.events.topic_record import run_key
from zielzeit.runs.group_keys import group_keys
from zielzeit.runs.messages import RunMessage
from zielzeit.runs.run_process import RunProcess
from zielzeit.runs.train_state import TrainState
from zielzeit.stations.register import StationRegister

END = 1 << 62
UNKNOWN = StationRegister(())
"""A register without stations: names that differ in more than their spelling are different stations."""


class _Encoded(dict[str, TrainState]):
    """Trains' state that is encoded and decoded at every step, as in a job that restarts there."""

    def __setitem__(self, train: str, value: TrainState) -> None:
        super().__setitem__(train, msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=TrainState))


def follow_all(
    decisions: Iterable[Decision | PlannedStop],
    register: StationRegister = UNKNOWN,
    *,
    restarting: bool = False,
    trains: MutableMapping[str, TrainState] | None = None,
) -> list[RunMessage]:
    """All that decisions lead to, in order of time. ``restarting``: with a new process over the state at every timer.

    ``trains`` has the trains' state in the end.
    """
    state = (_Encoded() if restarting else {}) if trains is None else trains
    timers, waiting, key = EventTimeTimers(), dict[int, bytes](), group_keys(register)

    def started() -> RunProcess:
        return RunProcess(state, waiting, key)

    process = started()
    for one in decisions:
        train = run_key(one.category, one.number)
        timer = process.on_decision(train, berlin_time.milliseconds(one.decided_at), encode(one))
        if timer is not None:
            timers.register("", timer)
    messages: list[RunMessage] = []
    for at, _ in timers.fire(END):
        if restarting:
            process = started()
        step = process.on_time(at)
        if step.register is not None:
            timers.register("", step.register)
        messages += step.messages
    assert not waiting
    return messages
