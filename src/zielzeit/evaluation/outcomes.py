"""The outcomes of recorded boards, without Flink: the job's objects, from boards to labels, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zielzeit.decision.decider import Output
from zielzeit.evaluation.followed_runs import FollowedRuns
from zielzeit.evaluation.scored_runs import ScoredRuns
from zielzeit.events.structs import Example, Outcome
from zielzeit.features.key_names import StationKey, station_keys
from zielzeit.model.predict import ServedModel
from zielzeit.runs.group_keys import GroupKey, group_keys
from zielzeit.runs.messages import RunMessage
from zielzeit.stations.register import StationRegister


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
    scored = ScoredRuns(station_key, served)
    scored.take(messages)
    for labels in scored.pass_time():
        yield from labels.labelled


def followed(decided: Iterable[Output], station_key: GroupKey) -> Iterator[RunMessage]:
    """Yield what the decisions say of runs, in order of time."""
    runs = FollowedRuns(station_key)
    for output in decided:
        runs.decided(output)
    yield from runs.pass_time()
