"""Rolling split-conformal calibration: intervals that hold what they promise although the railway changes.

Conformalized quantile regression (Romano, Patterson, Candès 2019): on recent labelled days, by how much did the truth
fall outside [P10, P90]? The 80 % quantile of that (negative where the interval was wide enough) widens the interval.
Newer days weigh more, as in Barber et al. 2023, "Conformal prediction beyond exchangeability". One calibration per
class and horizon; only labels known before the calibrated day began enter.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from training.dataset import Vector
from zielzeit.model.delay_model import Calibration

EDGES = (15.0, 30.0, 60.0, 120.0)
"""Horizons, minutes, that part the bins of calibration and of reports."""
LEVEL = 0.8
WINDOW_DAYS = 14
HALF_LIFE_DAYS = 2.0
"""Short, because a change of regime (a new timetable, a strike) must be caught up with in days."""
FEWEST = 200
"""Examples below which a bin borrows the calibration of its whole class."""


def conformal_calibration(truth: Vector, low: Vector, high: Vector, horizon: Vector, age: Vector) -> Calibration:
    """The calibration from examples whose labels are ``age`` days old."""
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
