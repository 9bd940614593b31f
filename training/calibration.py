"""Rolling split-conformal calibration: keeps the coverage of P10–P90 at 80 % while the railway changes.

Conformalized quantile regression (Romano, Patterson, Candès 2019): on recent labelled days, measure how far the truth
lies outside [P10, P90], negative where it lies inside. The 80 % quantile of these distances widens the interval. Newer
days weigh more, as in Barber et al. 2023, "Conformal prediction beyond exchangeability". There is one calibration per
train class and horizon. Only labels known before the calibrated day began are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from training.dataset import Vector
from zielzeit.model.delay_model import Calibration

EDGES = (15.0, 30.0, 60.0, 120.0)
"""Horizons that separate the bins of calibration and reports, minutes."""
LEVEL = 0.8
"""Share of trains that the interval is meant to hold."""
WINDOW_DAYS = 14
"""Number of service days before the calibrated one whose labels are used."""
HALF_LIFE_DAYS = 2.0
"""Age at which a day weighs half. Short, so that a change (a new timetable, a strike) takes effect within days."""
FEWEST = 200
"""Minimum number of examples of a bin; a smaller bin takes the calibration of its train class."""


def conformal_calibration(truth: Vector, low: Vector, high: Vector, horizon: Vector, age: Vector) -> Calibration:
    """The calibration out of labelled examples: arrays of minutes, and the ``age`` of each label in days."""
    if len(truth) == 0:
        return Calibration()
    outside = np.maximum(low - truth, truth - high)
    weight = 0.5 ** (age / HALF_LIFE_DAYS)
    overall = weighted_quantile(outside, weight, LEVEL)
    widening = []
    bins = bin_of(horizon)
    for index in range(len(EDGES) + 1):
        chosen = bins == index
        enough = chosen.sum() >= FEWEST
        widening.append(weighted_quantile(outside[chosen], weight[chosen], LEVEL) if enough else overall)
    return Calibration(EDGES, tuple(round(value, 3) for value in widening))


def bin_of(horizon: Vector) -> npt.NDArray[np.int64]:
    """Index of each horizon's bin."""
    return np.searchsorted(EDGES, horizon, side="right")


def bin_names() -> Sequence[str]:
    """``0-15`` … ``120-``: names of the bins, minutes."""
    bounds = [0, *(int(edge) for edge in EDGES)]
    return [*(f"{low}-{high}" for low, high in pairwise(bounds)), f"{bounds[-1]}-"]


def weighted_quantile(values: Vector, weights: Vector, level: float) -> float:
    """The smallest value at or below which a share ``level`` of the weight lies (with the conformal (n+1)/n)."""
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    count = weights.sum() ** 2 / (weights**2).sum()  # effective sample size
    index = np.searchsorted(share, min(level * (1 + 1 / count), 1.0))
    return float(values[order][min(int(index), len(values) - 1)])
