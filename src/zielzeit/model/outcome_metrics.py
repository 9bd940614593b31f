"""Counts outcomes: how far predictions, early ones and those of decided departures, and persistence were off."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from zielzeit.events.structs import EarlyOutcome, EarlyPrediction, Outcome, Prediction
from zielzeit.metrics import job
from zielzeit.metrics.recorder import Recorder
from zielzeit.train_classes import CLASSES, train_class

_MINUTE: Final = 60
"""Seconds."""


def count(outcome: Outcome, recorder: Recorder) -> None:
    """Count an outcome, and the errors of the prediction and of persistence where the train arrived."""
    made, observed = outcome.prediction, outcome.observed_delay
    of_class = CLASSES[train_class(made.category)]
    recorder.add(job.OUTCOMES, outcome.status, of_class)
    if observed is None:
        return
    recorder.add(job.MODEL_ERROR, of_class, by=round(abs(made.predicted_delay - observed) * _MINUTE))
    recorder.add(job.PERSISTENCE_ERROR, of_class, by=abs(made.delay - observed) * _MINUTE)
    if is_in_time(made, made.decided_at, observed):
        recorder.add(job.IN_TIME, job.DECIDED, of_class)
    if made.p10 is not None and made.p90 is not None:
        recorder.add(job.INTERVALS, of_class)
        if made.p10 <= observed <= made.p90:
            recorder.add(job.COVERED, of_class)


def count_early(outcome: EarlyOutcome, recorder: Recorder) -> None:
    """Count the outcome of a departure's first early prediction as ``count`` does that of the decided one."""
    made, observed = outcome.early, outcome.observed_delay
    if made.revision:
        return
    of_class = CLASSES[train_class(made.category)]
    recorder.add(job.EARLY_OUTCOMES, outcome.status, of_class)
    if observed is None or made.predicted_delay is None:
        return
    recorder.add(job.EARLY_ERROR, of_class, by=round(abs(made.predicted_delay - observed) * _MINUTE))
    recorder.add(job.SHOWN_ERROR, of_class, by=abs(made.shown_delay - observed) * _MINUTE)
    if is_in_time(made, made.told_at, observed):
        recorder.add(job.IN_TIME, job.EARLY, of_class)
    if made.p10 is not None and made.p90 is not None:
        recorder.add(job.EARLY_INTERVALS, of_class)
        if made.p10 <= observed <= made.p90:
            recorder.add(job.EARLY_COVERED, of_class)


def is_in_time(made: Prediction | EarlyPrediction, made_at: datetime, observed: int) -> bool:
    """Return True if a prediction was made before its train arrived; False where no board told the ride."""
    return made.horizon is not None and made_at < made.scheduled + timedelta(minutes=made.horizon + observed)
