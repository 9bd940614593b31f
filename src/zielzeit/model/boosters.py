"""LightGBM boosters from text files: compiled (``zielzeit.model.treetable``) where there is a compiler, else by
LightGBM itself.

LightGBM's own ``predict`` spends some 20 µs on checks for each call, and four to five times as long on each row. One
thread in both: the stream has its own parallelism.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zielzeit.compiled import compiles
from zielzeit.model.treetable import TreeTable, score, scores, tree_table


class Forest:
    """Boosters of the same features; one prediction each."""

    def __init__(self, paths: Sequence[Path], features: int) -> None:
        """Read their files.

        Raises ValueError where a booster wants another number of features, or holds what Zielzeit's never do.
        """
        models = [path.read_text() for path in paths]
        for path, model in zip(paths, models, strict=True):
            wanted = _features(model)
            if wanted != features:
                raise ValueError(f"{path}: wants {wanted} features, the feature function has {features}")
        self._forest: TreeTable | _Interpreted = tree_table(models) if compiles() else _Interpreted(models)

    def one(self, row: Sequence[float]) -> list[float]:
        """The predictions for one row."""
        values = np.array(row, dtype=np.float64)
        if isinstance(self._forest, _Interpreted):
            return [float(value) for value in self._forest.scores(values[None])[0]]
        return [float(value) for value in score(self._forest, values)]

    def many(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The predictions for a matrix: a row for each row, a column for each booster."""
        return self._forest.scores(rows) if isinstance(self._forest, _Interpreted) else scores(self._forest, rows)


class _Interpreted:
    """The same by LightGBM."""

    def __init__(self, models: Sequence[str]) -> None:
        import lightgbm  # noqa: PLC0415 - with a compiler the stream runs without it

        self._boosters = [lightgbm.Booster(model_str=model) for model in models]

    def scores(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack([booster.predict(rows, num_threads=1) for booster in self._boosters])


def _features(model: str) -> int:
    """How many features a booster was trained on; 0 where the text does not say so."""
    for line in model[:10_000].splitlines():
        if line.startswith("max_feature_idx="):
            return int(line.split("=")[1]) + 1
    return 0
