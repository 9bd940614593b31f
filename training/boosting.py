"""Gradient boosting for one train class: median, 10 % and 90 % quantile of the growth, probability of cancellation.

The growth is the final delay minus the delay now, minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightgbm as lgb
import numpy as np

from training.dataset import Examples
from zielzeit import train_classes
from zielzeit.errors import UserError
from zielzeit.features.definition import FEATURES
from zielzeit.progress import SILENT, Step

THREADS = 2
"""Threads of LightGBM. On a busy machine one is faster, because LightGBM's threads wait for each other."""
MOST_EXAMPLES = {train_classes.LONG_DISTANCE: 700_000, train_classes.RE: 700_000, train_classes.RB: 700_000}
"""Maximum number of examples by train class. A run's departures share one label: more rows add little."""
CONFORMAL_DAYS = 7
"""Number of last training days that P10 and P90 are not fitted on: they calibrate the intervals."""

_COMMON: dict[str, Any] = {
    "verbose": -1,
    "force_col_wise": True,
    "max_bin": 127,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    # Large leaves: a leaf that holds one run only would learn that run's label by heart.
    "min_data_in_leaf": 200,
}
_LARGE: dict[str, Any] = {"num_leaves": 63, "max_depth": 8}
_SMALL: dict[str, Any] = {"num_leaves": 31, "max_depth": 6}
"""Shallow trees predict faster, and as well (docs/model.md)."""
GROWTH: dict[int, dict[str, Any]] = {
    train_classes.LONG_DISTANCE: {"objective": "fair", "fair_c": 2.0, **_LARGE, "learning_rate": 0.08},
    train_classes.RE: {"objective": "l1", **_LARGE, "learning_rate": 0.12},
    train_classes.RB: {"objective": "l1", **_LARGE, "learning_rate": 0.12},
}
"""By class. Fair's loss is |error| smoothed around zero: quicker to learn where errors are large. Local trains' growths
are small whole numbers, for which only the absolute error itself finds the median."""
QUANTILE: dict[str, Any] = {"objective": "quantile", **_SMALL, "learning_rate": 0.2}
CANCELLED: dict[str, Any] = {"objective": "binary", **_SMALL, "learning_rate": 0.15}
ROUNDS = {"growth": 120, "p10": 40, "p90": 40, "cancelled": 30}


def run_parameters(seed: int, rounds: Mapping[str, int]) -> dict[str, int]:
    """The parameters that a training run logs, by name."""
    return {"seed": seed, **{f"rounds_{head}": count for head, count in rounds.items()}}


def fit(
    data: Examples,
    seed: int,
    rounds: Mapping[str, int] | None = None,
    trees: Step = SILENT,
    threads: int = THREADS,
) -> dict[str, lgb.Booster]:
    """Fit the boosters of the one train class in ``data``; returns them by head. ``trees`` counts them.

    Raises UserError where all labelled examples are of the last ``CONFORMAL_DAYS``.
    """
    wanted = rounds or ROUNDS
    common = _COMMON | {"seed": seed, "num_threads": threads}
    train_class = int(data.column("train_class")[0])
    arrived = ~data.cancelled & ~np.isnan(data.final)
    labelled = data.where(arrived)
    early = labelled.day <= data.day.max() - CONFORMAL_DAYS
    if not early.any():
        raise UserError(
            f"{train_classes.CLASSES[train_class]} has too few days: intervals are measured on the last "
            f"{CONFORMAL_DAYS} of them and learnt on those before; the first days of a history only fill its statistics"
        )
    growth = labelled.growth
    whole = lgb.Dataset(labelled.features, growth, feature_name=list(FEATURES), params=common, free_raw_data=True)
    boosters = {"growth": _train(common | GROWTH[train_class], whole, wanted["growth"], trees)}
    for head, alpha in (("p10", 0.1), ("p90", 0.9)):
        part = lgb.Dataset(labelled.features[early], growth[early], feature_name=list(FEATURES), params=common)
        boosters[head] = _train(common | QUANTILE | {"alpha": alpha}, part, wanted[head], trees)
    fate = lgb.Dataset(data.features, data.cancelled.astype(np.float32), feature_name=list(FEATURES), params=common)
    boosters["cancelled"] = _train(common | CANCELLED, fate, wanted["cancelled"], trees)
    return boosters


def _train(parameters: dict[str, Any], data: lgb.Dataset, rounds: int, trees: Step) -> lgb.Booster:
    def tell(_: Any) -> None:
        trees.advance()

    return lgb.train(parameters, data, num_boost_round=rounds, callbacks=[tell])
