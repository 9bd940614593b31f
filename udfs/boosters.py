"""LightGBM boosters from text files, called the quick way.

``Booster.predict`` spends some 20 µs on checks for each call. For one row the C API's prepared call
(``LGBM_BoosterPredictForMatSingleRowFast``, see LightGBM's ``c_api.h``) is used instead; batches are walked by compiled
code (``udfs.treetable``), or by ``Booster.predict`` where there is no compiler. One thread in all of them: the stream
has its own parallelism.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

import lightgbm
import numpy as np
import numpy.typing as npt

from udfs.compiled import compiles
from udfs.treetable import scores, tree_table

_LIB = lightgbm.basic._LIB
_NORMAL, _FLOAT64 = 0, 1  # C_API_PREDICT_NORMAL, C_API_DTYPE_FLOAT64
_PARAMETERS = b"num_threads=1 predict_disable_shape_check=false"


class Forest:
    """Boosters of the same features, read from their text files; one prediction each. Not for several threads at once:
    one row's buffer is kept.

    Raises ValueError where a booster wants another number of features, or holds what Zielzeit's never do.
    """

    def __init__(self, paths: Sequence[Path], features: int) -> None:
        self._boosters = [_Booster(path, features) for path in paths]
        self._row = (ctypes.c_double * features)()
        self._table = tree_table([path.read_text() for path in paths]) if compiles() else None

    def one(self, row: Sequence[float]) -> list[float]:
        """The predictions for one row."""
        self._row[:] = list(row)
        return [booster.one(self._row) for booster in self._boosters]

    def many(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The predictions for a matrix: a row for each row, a column for each booster."""
        if self._table is not None:
            return scores(self._table, rows)
        return np.column_stack([booster.many(rows) for booster in self._boosters])


class _Booster:
    """One of them."""

    def __init__(self, path: Path, features: int) -> None:
        self._booster = lightgbm.Booster(model_file=str(path))
        if self._booster.num_feature() != features:
            raise ValueError(
                f"{path}: wants {self._booster.num_feature()} features, the feature function has {features}"
            )
        self._out = (ctypes.c_double * 1)()
        self._length = ctypes.c_int64(0)
        self._prepared = ctypes.c_void_p()
        code = _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
            self._booster._handle, ctypes.c_int(_NORMAL), ctypes.c_int(0), ctypes.c_int(-1), ctypes.c_int(_FLOAT64),
            ctypes.c_int32(features), ctypes.c_char_p(_PARAMETERS), ctypes.byref(self._prepared),
        )  # fmt: skip
        if code != 0:
            raise ValueError(f"{path}: LightGBM cannot prepare this model")
        self._length_pointer = ctypes.byref(self._length)

    def one(self, row: ctypes.Array[ctypes.c_double]) -> float:
        """The prediction for one row of doubles."""
        code = _LIB.LGBM_BoosterPredictForMatSingleRowFast(self._prepared, row, self._length_pointer, self._out)
        if code != 0:
            raise RuntimeError("LightGBM failed on a row")
        return self._out[0]

    def many(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The predictions for a matrix, one row each."""
        return np.asarray(self._booster.predict(rows, num_threads=1))

    def __del__(self) -> None:
        if getattr(self, "_prepared", None):
            _LIB.LGBM_FastConfigFree(self._prepared)
