"""A model serves only if it answers for every train class, calibration bin and horizon."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.model.model_folders import write_model
from zielzeit.features.definition import FEATURES
from zielzeit.model.acceptance import check
from zielzeit.model.boosters import Boosters, Matrix
from zielzeit.model.delay_model import Calibration, LightGBMModel, ModelCard, load_model

EDGES = (60.0, 85.0)


class Growth(Boosters):
    """Boosters that say what a function of the row's horizon says."""

    def __init__(self, bad: float, lower: float, upper: float = math.inf) -> None:
        self._bad, self._lower, self._upper = bad, lower, upper

    def predict(self, rows: Matrix) -> Matrix:
        horizon = rows[:, FEATURES.index("horizon")]
        hit = (self._lower <= horizon) & (horizon < self._upper)
        if math.isnan(self._lower):
            hit = np.isnan(horizon)
        if hit.any() and self._bad == 0:
            raise RuntimeError("a tree of the last horizon is broken")
        return np.where(hit, self._bad, 1.0)[:, None] * np.ones(4)


def model(train_class: int, boosters: Boosters) -> LightGBMModel:
    calibration = {"long_distance": Calibration(EDGES, (0.0, 1.0, 2.0))}
    return LightGBMModel(ModelCard(features=FEATURES, calibration=calibration), {train_class: boosters})


def test_a_model_that_answers_everywhere_passes(tmp_path: Path) -> None:
    check(load_model(write_model(tmp_path, 1.0)))
    check(model(0, Growth(math.nan, -999, -998)))


@pytest.mark.parametrize("train_class", [0, 1, 2])
def test_a_model_that_raises_at_long_horizons_fails(train_class: int) -> None:
    with pytest.raises(ValueError, match="the last horizon is broken"):
        check(model(train_class, Growth(0, 90)))


@pytest.mark.parametrize(
    "boosters", [Growth(math.nan, 90), Growth(math.inf, *EDGES), Growth(math.inf, math.nan)], ids=["long", "bin", "NaN"]
)
def test_a_model_without_a_finite_answer_in_one_bin_fails(boosters: Boosters) -> None:
    with pytest.raises(ValueError, match="long_distance: predicted_delay is not finite at horizons"):
        check(model(0, boosters))


@pytest.mark.parametrize(
    ("edges", "widening", "said"),
    [
        ([60.0, 85.0], [0.0, 1.0], "2 edges make 3 bins, not 2"),
        ([], [], "0 edges make 1 bins, not 0"),
        ([85.0, 60.0], [0.0, 1.0, 2.0], "not ascending"),
        ([60.0], [0.0, 1e999], "not finite|out of range"),
    ],
)
def test_a_calibration_that_lacks_a_bin_is_refused_when_the_model_is_read(
    edges: list[float], widening: list[float], said: str, tmp_path: Path
) -> None:
    folder = write_model(tmp_path, 1.0, calibration={"RE": {"edges": edges, "widening": widening}})
    with pytest.raises(ValueError, match=f"no model|{said}"):
        load_model(folder)
    if math.inf not in widening:  # JSON cannot say infinity
        with pytest.raises(ValueError, match=said):
            load_model(folder)
