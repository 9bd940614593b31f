"""The outcomes of recorded boards, without Flink: the job's objects, from boards to labels, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from zielzeit.decision.decider import Output
from zielzeit.evaluation.followed_runs import END, FollowedRuns, RunMessage
from zielzeit.event_time_timers import EventTimeTimers
from zielzeit.events.structs import Example, Outcome
from zielzeit.features.key_names import StationKey, station_keys
from zielzeit.model.label_process import LabelProcess
from zielzeit.model.predict import OneModel, ServedModel
from zielzeit.model.scoring_process import ScoringProcess, Snapshot
from zielzeit.runs.group_keys import GroupKey, group_keys
from zielzeit.stations.register import StationRegister
from zielzeit.stored_value import InMemory

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
    labels = LabelProcess({}, {}, {})
    for at, key, message in messages:
        timer = scoring.on_message(at, key, _encode(message))
        if timer is not None:
            timers.register("", timer)
    for timer, _ in timers.fire(END):
        step = scoring.on_time(timer)
        if step.register is not None:
            timers.register("", step.register)
        for _, at, made in [*step.scored, *step.endings]:
            labels.on_message(at, _encode(made))
        yield from labels.on_time(timer).labelled


def followed(decided: Iterable[Output], station_key: GroupKey) -> Iterator[RunMessage]:
    """Yield what the decisions say of runs, in order of time."""
    runs = FollowedRuns(station_key)
    for output in decided:
        runs.decided(output)
    yield from runs.pass_time()
