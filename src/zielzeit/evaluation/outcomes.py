"""The outcomes of recorded boards, without Flink: the job's objects, from boards to labels, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from zielzeit import berlin_time
from zielzeit.decision.decider import Output
from zielzeit.decision.planned_stop import PlannedStop, encode
from zielzeit.event_time_timers import EventTimeTimers
from zielzeit.events.structs import Decision, Example, Outcome
from zielzeit.events.topic_record import run_key
from zielzeit.features.key_names import StationKey, station_keys
from zielzeit.model.label_process import LabelProcess
from zielzeit.model.predict import OneModel, ServedModel
from zielzeit.model.scoring_process import ScoringProcess, Snapshot
from zielzeit.runs.group_keys import GroupKey, group_keys
from zielzeit.runs.messages import Message
from zielzeit.runs.run_process import RunProcess
from zielzeit.runs.train_state import TrainState
from zielzeit.stations.register import StationRegister
from zielzeit.stored_value import InMemory

RunMessage = tuple[berlin_time.Milliseconds, str, Message]
"""Event time, key of the run, and what is said of it."""

_END = berlin_time.Milliseconds(2**62)

_encode = msgspec.msgpack.Encoder().encode


def outcomes(
    decided: Iterable[Output], register: StationRegister, served: ServedModel | None = None
) -> Iterator[Outcome]:
    """Yield the outcomes of what was decided, in order of event time; predictions by persistence without a model.

    A model is given the features that the job would compute with the model's state of the network at its start. At the
    end time passes until every run is over: a train that was still on its way is unlabelled.
    """
    messages = followed(decided, group_keys(register))
    return (outcome for outcome, _ in labelled(messages, station_keys(register), served))


def labelled(
    messages: Iterable[RunMessage], station_key: StationKey, served: ServedModel | None = None
) -> Iterator[tuple[Outcome, Example]]:
    """Yield the outcome and the example of each departure among the messages of runs, in order of event time.

    Raises ModelFault where the model fails: the job would go on with another one.
    """
    timers = EventTimeTimers()
    scoring = ScoringProcess({}, InMemory(Snapshot), {}, OneModel(served), station_key)
    labels = LabelProcess({}, {})
    for at, key, message in messages:
        timer = scoring.on_message(at, key, _encode(message))
        if timer is not None:
            timers.register("", timer)
    for timer, _ in timers.fire(_END):
        step = scoring.on_time(timer, timer)
        if step.register is not None:
            timers.register("", step.register)
        for _, at, made in [*step.scored, *step.endings]:
            labels.on_message(at, _encode(made))
        yield from labels.on_time(timer).labelled


def followed(decided: Iterable[Output], station_key: GroupKey) -> Iterator[RunMessage]:
    """Yield what the decisions say of runs, in order of time."""
    timers = EventTimeTimers()
    trains: dict[str, RunProcess] = {}
    for output in decided:
        if isinstance(output, PlannedStop) or (isinstance(output, Decision) and output.kind != "late"):
            key = run_key(output.category, output.number)
            if key not in trains:
                trains[key] = RunProcess(InMemory(TrainState), {}, station_key)
            timer = trains[key].on_decision(berlin_time.milliseconds(output.decided_at), encode(output))
            if timer is not None:
                timers.register(key, timer)
    for at, key in timers.fire(_END):
        step = trains[key].on_time(at)
        if step.register is not None:
            timers.register(key, step.register)
        for message in step.messages:
            yield at, key, message
