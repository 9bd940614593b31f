"""Examples as matrices, split by service day.

Training days end at ``until``; a run belongs to the service day on which it began, so no run is on both sides. The days
after ``until`` up to the evaluated ones are the gap: ``evaluate`` refuses to come closer than the longest label delay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from training import examples
from zielzeit.berlin_time import MINUTE
from zielzeit.errors import UserError
from zielzeit.features.definition import FEATURES

WARM_UP_DAYS = 10
"""Number of first days of a history that are not trained on: statistics of finished days rest on few trains there."""
GAP_DAYS = 2
"""Minimum number of service days between training and evaluation: every run is labelled within them."""

Matrix = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Examples:
    """Examples of one train class: features, labels, days. Row i of every array belongs to example i."""

    features: Matrix
    final: Vector
    """Delay at the destination, minutes; NaN where cancelled."""
    cancelled: npt.NDArray[np.bool_]
    day: npt.NDArray[np.int32]
    """Service day, days since 1970-01-01."""
    labelled: Vector
    """Time at which the label was known, minutes since 1970 UTC."""

    def __len__(self) -> int:
        return len(self.day)

    def column(self, name: str) -> npt.NDArray[np.float32]:
        """Values of a feature."""
        return self.features[:, FEATURES.index(name)]

    @property
    def growth(self) -> Vector:
        """Final minus current delay, minutes: what the model is fitted to."""
        return self.final - self.column("delay")

    def where(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Examples:
        """The chosen rows, by mask or index."""
        return Examples(
            self.features[chosen], self.final[chosen], self.cancelled[chosen], self.day[chosen], self.labelled[chosen]
        )


def load(
    folder: Path, train_class: int, first: date, last: date, *, most: int | None = None, seed: int = 0
) -> Examples:
    """Labelled examples of a train class from ``first`` to ``last``, as a random sample of about ``most`` rows.

    Each day gives the same number of rows at most. A class may have no examples at all. Raises UserError where the
    folder has none in that time.
    """
    days = [day for day in examples.days(folder) if first <= day <= last]
    share = None if most is None else most / max(1, len(days))
    parts = []
    for day in days or [first]:
        frame = examples.read(folder, day, day, [*FEATURES, "final_delay", "cancelled", "labelled_at"])
        frame = frame.filter((pl.col("train_class") == train_class) & pl.col("cancelled").is_not_null())
        if share is not None and len(frame) > share:
            frame = frame.sample(int(share), seed=seed)
        parts.append(_matrix(frame))
    return _joined(parts)


def first_training_day(folder: Path, until: date) -> date:
    """First service day to train on: after the warm-up, or half way through a history that is shorter than two.

    Raises UserError where there are no examples until then.
    """
    days = [day for day in examples.days(folder) if day <= until]
    if not days:
        raise UserError(f"{folder} has no examples until {until}: import history first, or choose a later --until")
    return min(days[0] + timedelta(days=WARM_UP_DAYS), days[len(days) // 2])


def _matrix(frame: pl.DataFrame) -> Examples:
    features = np.empty((len(frame), len(FEATURES)), dtype=np.float32)
    for index, name in enumerate(FEATURES):
        features[:, index] = frame[name].to_numpy()
    return Examples(
        features,
        frame["final_delay"].cast(pl.Float64).to_numpy(),
        frame["cancelled"].to_numpy(),
        frame["day"].cast(pl.Int32).to_numpy(),
        frame["labelled_at"].dt.epoch("ms").to_numpy() / MINUTE,
    )


def _joined(parts: Sequence[Examples]) -> Examples:
    return Examples(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.final for part in parts]),
        np.concatenate([part.cancelled for part in parts]),
        np.concatenate([part.day for part in parts]),
        np.concatenate([part.labelled for part in parts]),
    )
