"""Counts outcomes: how far predictions and persistence were off, by train class."""

from __future__ import annotations

from typing import Final

from zielzeit.events.structs import Outcome
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
    if made.p10 is not None and made.p90 is not None:
        recorder.add(job.INTERVALS, of_class)
        if made.p10 <= observed <= made.p90:
            recorder.add(job.COVERED, of_class)
