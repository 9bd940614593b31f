"""The figures of an evaluation are those of the literature."""

from __future__ import annotations

import numpy as np
import pytest

from training.dataset import Examples
from training.evaluation import ScoredExamples, cancellation, measures
from zielzeit.features.definition import FEATURES


def scored(
    *,
    final: list[float] | None = None,
    predicted: list[float] | None = None,
    cancelled: list[bool] | None = None,
    probability: list[float] | None = None,
) -> ScoredExamples:
    """Examples that departed two minutes late, with an interval of four minutes around the prediction."""
    count = len(final or cancelled or [])
    features = np.zeros((count, len(FEATURES)), dtype=np.float32)
    features[:, FEATURES.index("delay")] = 2.0
    data = Examples(
        features,
        np.array(final or [0.0] * count),
        np.array(cancelled or [False] * count),
        np.zeros(count, dtype=np.int32),
        np.zeros(count),
    )
    median = np.array(predicted or [0.0] * count)
    return ScoredExamples(data, median, median - 2, median + 2, np.array(probability or [0.0] * count))


def test_equal_probabilities_rank_nothing() -> None:
    figures = cancellation(scored(cancelled=[False, False, True, True], probability=[0.3] * 4))
    assert figures["auc"] == 0.5


def test_a_tie_between_a_cancelled_run_and_another_counts_half() -> None:
    figures = cancellation(scored(cancelled=[True, False, True], probability=[0.2, 0.2, 0.9]))
    assert figures["auc"] == 0.75


@pytest.mark.parametrize("cancelled", [[False, False], [True, True]])
def test_with_one_fate_only_there_is_nothing_to_rank(cancelled: list[bool]) -> None:
    figures = cancellation(scored(cancelled=cancelled, probability=[0.25, 0.5]))
    assert figures["auc"] == 0.5
    assert figures["brier_constant"] == 0
    assert figures["brier"] == pytest.approx(np.mean([(p - cancelled[0]) ** 2 for p in (0.25, 0.5)]))


def test_errors_are_told_in_minutes_beside_those_of_persistence() -> None:
    figures = measures(scored(final=[2.0, 8.0], predicted=[3.0, 5.0]))
    assert (figures["mae"], figures["mae_persistence"], figures["bias"]) == (2.0, 3.0, -1.0)
    assert figures["skill"] == pytest.approx(1 / 3)
    assert figures["rmse"] == pytest.approx(np.sqrt(5))
    assert (figures["coverage"], figures["width"]) == (0.5, 4.0)
    # P10 is 1 and 3, P90 is 5 and 7: the truth lies above P10 by 1 and 5, below P90 by 3 and above it by 1.
    assert figures["pinball_p10"] == pytest.approx(0.1 * (1 + 5) / 2)
    assert figures["pinball_p90"] == pytest.approx((0.1 * 3 + 0.9 * 1) / 2)
