"""Described and scored runs in memory: the job's objects from messages of runs to labels, without Flink."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zielzeit.berlin_time import Milliseconds
from zielzeit.evaluation.followed_runs import END
from zielzeit.event_time_timers import EventTimeTimers
from zielzeit.features.key_names import StationKey
from zielzeit.model.described import OfRun
from zielzeit.model.describing_process import DescribingProcess, Snapshot
from zielzeit.model.early_buffer import HeldEarly
from zielzeit.model.label_process import LabelProcess, Labels
from zielzeit.model.predict import OneModel, ServedModel
from zielzeit.model.scoring_process import ScoringProcess
from zielzeit.runs.messages import EarlyMessage, RunMessage, waiting
from zielzeit.stored_value import InMemory


class ScoredRuns:
    """Scores departures with one model, by default persistence, whose state of the network is the first one."""

    def __init__(self, station_key: StationKey, served: ServedModel | None = None) -> None:
        model = served or ServedModel()
        self._timers = EventTimeTimers()
        self._describing = DescribingProcess({}, InMemory(Snapshot), {}, lambda: model.network, station_key)
        self._scoring = ScoringProcess(OneModel(model), LabelProcess({}, {}))

    def take(self, messages: Iterable[RunMessage]) -> None:
        """Messages arrive, and wait for their turn."""
        for message in messages:
            self._register(self._describing.on_messages(waiting([message])))

    def tell(self, at: Milliseconds, early: EarlyMessage) -> None:
        """A departure is told early. Raises ModelFault where the model fails."""
        self._score(self._describing.on_early([HeldEarly("", at, early)]))

    def pass_time(self, to: Milliseconds = END) -> Iterator[Labels]:
        """Yield the labels of the endings up to a time. Raises ModelFault where the model fails."""
        for timer, _ in self._timers.fire(to):
            step = self._describing.on_time(timer)
            self._register(step.register)
            yield from self._score(step.told)

    def _register(self, timer: Milliseconds | None) -> None:
        if timer is not None:
            self._timers.register("", timer)

    def _score(self, told: Iterable[OfRun]) -> Iterable[Labels]:
        return self._scoring.on_batch([(at, one) for _, at, one in told]).labels
