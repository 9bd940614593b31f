"""The LightGBM boosters of one train class, read from text files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


class Boosters:
    """Boosters of the same features, one prediction each.

    A call costs about as much as some rows do, so callers bring together all rows that they have. Each row's prediction
    does not depend on the others. One thread: the stream has its own parallelism.
    """

    def __init__(self, paths: Sequence[Path], features: int) -> None:
        """Read the boosters' files. Raises ValueError where a booster was trained on another number of features."""
        import lightgbm  # noqa: PLC0415 - takes a second to import, and persistence is served without it

        self._boosters = [lightgbm.Booster(model_str=path.read_text()) for path in paths]
        for path, booster in zip(paths, self._boosters, strict=True):
            if booster.num_feature() != features:
                raise ValueError(f"{path}: has {booster.num_feature()} features, the feature function has {features}")

    def predict(self, rows: Matrix) -> Matrix:
        """Predictions for a matrix of features: a row for each row, a column for each booster."""
        return np.column_stack([booster.predict(rows, num_threads=1) for booster in self._boosters])
