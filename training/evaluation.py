"""Evaluation of a model on days that it was not trained on, with intervals calibrated for each day as in production."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import (
    brier_score_loss,
    mean_absolute_error,
    mean_pinball_loss,
    roc_auc_score,
    root_mean_squared_error,
)

from training import calibration, dataset, examples
from training.dataset import Examples, Vector
from zielzeit import berlin_time, service_days, train_classes
from zielzeit.berlin_time import WallMinutes
from zielzeit.errors import UserError
from zielzeit.model.delay_model import Calibration, LightGBMModel

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class ScoredExamples:
    """Examples of one train class with the model's outputs for each: minutes, and the probability of cancellation."""

    data: Examples
    predicted: Vector
    low: Vector
    high: Vector
    cancelled: Vector

    def arrived(self) -> ScoredExamples:
        """The examples whose run reached its destination."""
        chosen = ~np.isnan(self.data.final)
        return self.where(chosen)

    def where(self, chosen: npt.NDArray[np.bool_]) -> ScoredExamples:
        """The chosen examples."""
        return ScoredExamples(
            self.data.where(chosen), self.predicted[chosen], self.low[chosen], self.high[chosen], self.cancelled[chosen]
        )


def evaluate(model: LightGBMModel, folder: Path, first: date, last: date) -> dict[str, ScoredExamples]:
    """Score the examples of ``first`` to ``last``, by class; classes without a model or without arrivals are left out.

    The interval of each service day is calibrated with the labels known when that day began, of up to
    ``calibration.WINDOW_DAYS`` days before it. Days that the model was trained on do not count; where too few others
    have labels, the model's own calibration holds. Raises UserError where days are missing or were trained on.
    """
    _refuse_trained_days(model, first)
    known = [day for day in examples.days(folder) if first <= day <= last]
    if not known:
        raise UserError(f"{folder} has no examples from {first} to {last}")
    scored = {}
    for train_class, name in enumerate(train_classes.CLASSES):
        if name not in model.card.calibration:
            continue
        data = dataset.load(folder, train_class, first - timedelta(days=calibration.WINDOW_DAYS), last)
        if len(data):
            scored[name] = _score(model, name, data, first, model.card.trained_until)
    return {name: part for name, part in scored.items() if not np.isnan(part.data.final).all()}


def score(model: LightGBMModel, data: Examples) -> ScoredExamples:
    """Predict the examples, with the calibration that the model carries."""
    parts = [
        model.matrix(data.features[start : start + 100_000].astype(np.float64))
        for start in range(0, len(data), 100_000)
    ]
    scores = np.concatenate(parts)
    return ScoredExamples(data, scores[:, 0], scores[:, 1], scores[:, 2], scores[:, 3])


def _score(model: LightGBMModel, name: str, data: Examples, first: date, trained_until: str) -> ScoredExamples:
    bare = model.with_calibration(name, None)
    plain = score(bare, data)
    horizon = data.column("horizon").astype(np.float64)
    bins = calibration.bin_of(horizon)
    low, high = plain.low.copy(), plain.high.copy()
    for day in np.unique(data.day[data.day >= (first - _EPOCH).days]):
        made = rolled(plain, int(day), trained_until) or model.card.calibration[name]
        widen = np.array(made.widening)
        today = data.day == day
        by = widen[bins[today]] if len(widen) > 1 else widen[0]
        low[today] = np.minimum(plain.low[today] - by, plain.predicted[today])
        high[today] = np.maximum(plain.high[today] + by, plain.predicted[today])
    scored = ScoredExamples(data, plain.predicted, low, high, plain.cancelled)
    return scored.where(data.day >= (first - _EPOCH).days)


def rolled(plain: ScoredExamples, day: int, trained_until: str) -> Calibration | None:
    """The calibration of a service day (days since 1970), from the labels known when it began.

    ``plain`` are uncalibrated scores. None where too few of them are of days that the model was not trained on.
    """
    data = plain.data
    known = (data.day >= day - calibration.WINDOW_DAYS) & (data.labelled < _begin(day)) & ~np.isnan(data.final)
    known &= data.day > _number(trained_until)
    if known.sum() < calibration.FEWEST:
        return None
    horizon = data.column("horizon")[known].astype(np.float64)
    return calibration.conformal_calibration(
        data.final[known], plain.low[known], plain.high[known], horizon, day - data.day[known]
    )


def recalibrated(model: LightGBMModel, folder: Path, day: date) -> LightGBMModel:
    """The same boosters with intervals calibrated for a service day, as ``evaluate`` does for each of its days.

    A train class with too few new labels keeps its calibration. Raises UserError where the folder has no examples of
    the days before.
    """
    for train_class, name in enumerate(train_classes.CLASSES):
        if name not in model.card.calibration:
            continue
        data = dataset.load(folder, train_class, day - timedelta(days=calibration.WINDOW_DAYS), day - timedelta(days=1))
        if not len(data):
            continue
        plain = score(model.with_calibration(name, None), data)
        made = rolled(plain, (day - _EPOCH).days, model.card.trained_until)
        if made is not None:
            model = model.with_calibration(name, made)
    return model.calibrated_until(str(day - timedelta(days=1)))


def measures(scored: ScoredExamples) -> dict[str, float | int]:
    """Figures of examples that arrived: minutes, shares, and skill = 1 − MAE / MAE of persistence."""
    truth, growth = scored.data.final, scored.data.growth
    unchanged = np.zeros_like(growth)
    mae, persistence = mean_absolute_error(truth, scored.predicted), mean_absolute_error(growth, unchanged)
    return {
        "n": len(truth),
        "mae": float(mae),
        "mae_persistence": float(persistence),
        "skill": float(1 - mae / persistence) if persistence else 0.0,
        "rmse": float(root_mean_squared_error(truth, scored.predicted)),
        "rmse_persistence": float(root_mean_squared_error(growth, unchanged)),
        "bias": float((scored.predicted - truth).mean()),
        "coverage": float(((truth >= scored.low) & (truth <= scored.high)).mean()),
        "width": float((scored.high - scored.low).mean()),
        "pinball_p10": float(mean_pinball_loss(truth, scored.low, alpha=0.1)),
        "pinball_p90": float(mean_pinball_loss(truth, scored.high, alpha=0.9)),
    }


def by_horizon(scored: ScoredExamples) -> Iterator[tuple[str, ScoredExamples]]:
    """The examples by bin of the horizon; empty bins are left out."""
    bins = calibration.bin_of(scored.data.column("horizon").astype(np.float64))
    for index, name in enumerate(calibration.bin_names()):
        chosen = bins == index
        if chosen.any():
            yield name, scored.where(chosen)


def summary(scored: dict[str, ScoredExamples]) -> dict[str, Any]:
    """Content of ``evaluate --json``: figures by train class, and by horizon within each."""
    classes = {}
    for name, part in scored.items():
        arrived = part.arrived()
        classes[name] = measures(arrived) | {
            "cancellation": cancellation(part),
            "horizons": {label: measures(piece) for label, piece in by_horizon(arrived)},
        }
    return {"classes": classes}


def cancellation(scored: ScoredExamples) -> dict[str, float]:
    """Share of cancelled destinations, Brier score against always predicting that share, area under the ROC curve.

    The area is 0.5 where all examples were cancelled or none was: there is nothing to rank.
    """
    truth = scored.data.cancelled
    share = float(truth.mean())
    return {
        "share": share,
        "brier": float(brier_score_loss(truth, scored.cancelled, pos_label=True)),
        "brier_constant": share * (1 - share),
        "auc": float(roc_auc_score(truth, scored.cancelled)) if 0 < share < 1 else 0.5,
    }


def _refuse_trained_days(model: LightGBMModel, first: date) -> None:
    if not model.card.trained_until:
        return
    until = date.fromisoformat(model.card.trained_until)
    if first <= until + timedelta(days=dataset.GAP_DAYS):
        earliest = until + timedelta(days=dataset.GAP_DAYS + 1)
        raise UserError(f"the model was trained on days until {until}: evaluate from {earliest} on")


def _number(day: str) -> int:
    return (date.fromisoformat(day) - _EPOCH).days if day else -(10**6)


def _begin(day: int) -> float:
    """Start of a service day, minutes since 1970 UTC."""
    return float(berlin_time.wall_to_utc(WallMinutes(day * berlin_time.DAY + service_days.SERVICE_DAY_STARTS)))
