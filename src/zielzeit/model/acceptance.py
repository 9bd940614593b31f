"""The check that a model passes before it serves: it answers for every train class, calibration bin and horizon."""

from __future__ import annotations

import math

import numpy as np

from zielzeit import train_classes
from zielzeit.features.definition import FEATURES
from zielzeit.model.boosters import Matrix
from zielzeit.model.delay_model import OUTPUTS, Calibration, LightGBMModel

_HORIZONS = (-60.0, 0.0, 15.0, 90.0, 600.0, 1440.0, math.nan)
"""Minutes to the destination that every model is asked about; NaN: unknown."""
_CLASS, _DELAY, _HORIZON = (FEATURES.index(name) for name in ("train_class", "delay", "horizon"))


def check(model: LightGBMModel) -> None:
    """Ask a model about every train class at horizons of every calibration bin, with all other features 0 and missing.

    Raises ValueError where an answer is missing or infinite, or the model fails.
    """
    for train_class, name in enumerate(train_classes.CLASSES):
        rows = _rows(train_class, model.card.calibration.get(name, Calibration()))
        try:
            answers = model.matrix(rows)
        except Exception as error:
            raise ValueError(f"{name}: the model fails: {error}") from error
        expected = OUTPUTS if model.covers(train_class) else ("predicted_delay",)
        for output in expected:
            bad = ~np.isfinite(answers[:, OUTPUTS.index(output)])
            if bad.any():
                raise ValueError(f"{name}: {output} is not finite at horizons {sorted(set(rows[bad, _HORIZON]))}")


def _rows(train_class: int, calibration: Calibration) -> Matrix:
    """Rows of features of one train class: on, before and behind each edge, with the rest 0 and then missing."""
    around = [edge + step for edge in calibration.edges for step in (-1.0, 0.0, 1.0)]
    horizons = [*_HORIZONS, *around]
    rows: Matrix = np.concatenate([np.full((len(horizons), len(FEATURES)), rest) for rest in (0.0, math.nan)])
    rows[:, _CLASS] = train_class
    rows[:, _DELAY] = 5.0
    rows[:, _HORIZON] = horizons * 2
    return rows
