"""The runs of a bucket: described departures and endings in, predictions, outcomes and examples out. Pure.

The operator (``udfs/score.py``) and the tests drive a ``ScoringProcess``. A call of the model for one departure costs
as much as for twenty, so all departures that come together are scored together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from zielzeit.berlin_time import Milliseconds
from zielzeit.events.structs import EarlyPrediction, Prediction
from zielzeit.events.topic_record import Scored
from zielzeit.metrics import job
from zielzeit.metrics.recorder import Recorder
from zielzeit.model import outcome_metrics
from zielzeit.model.described import Batch, DescribedDeparture, DescribedEarly
from zielzeit.model.label_process import LabelProcess, Labels
from zielzeit.model.predict import Models, score
from zielzeit.model.predict_early import score_early
from zielzeit.runs.messages import Ending


class ScoringStep(NamedTuple):
    """What a batch leads to."""

    predictions: Sequence[Prediction]
    early: Sequence[EarlyPrediction]
    labels: Sequence[Labels]
    """Of each ending."""
    register: Milliseconds | None
    """When to call ``LabelProcess.forget_early``: a timer to register."""

    def events(self) -> Iterator[Scored]:
        """Yield everything that is published."""
        yield from self.predictions
        yield from self.early
        for labels in self.labels:
            for outcome, example in labels.labelled:
                yield outcome
                yield example
            yield from labels.early


class ScoringProcess:
    """Scores what is described, and joins it with its labels.

    Parameters: ``models`` has the model in use, ``labels`` keeps the predictions; ``recorder`` counts predictions and
    outcomes.
    """

    def __init__(self, models: Models, labels: LabelProcess, recorder: Recorder | None = None) -> None:
        self._models = models
        self._labels = labels
        self._recorder = recorder

    def on_batch(self, batch: Batch) -> ScoringStep:
        """Take what runs are told, in order of time. Raises ModelFault if persistence itself fails."""
        departures = [one for _, one in batch if isinstance(one, DescribedDeparture)]
        told = [(at, one) for at, one in batch if isinstance(one, DescribedEarly)]
        scored = score(departures, self._models, self._recorder)
        self._labels.keep(scored)
        early = score_early([one for _, one in told], self._models)
        sweeps = [self._labels.keep_early(at, made) for (at, _), made in zip(told, early, strict=True)]
        labels = [self._labels.on_ending(at, one) for at, one in batch if isinstance(one, Ending)]
        if self._recorder is not None:
            for one in labels:
                _count(one, self._recorder)
        due = max((sweep for sweep in sweeps if sweep is not None), default=None)
        return ScoringStep([one.prediction for one in scored], early, labels, due)


def _count(labels: Labels, recorder: Recorder) -> None:
    for outcome, _ in labels.labelled:
        outcome_metrics.count(outcome, recorder)
    for early in labels.early:
        outcome_metrics.count_early(early, recorder)
    recorder.add(job.MISSING_PREDICTIONS, by=labels.missing)
