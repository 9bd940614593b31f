"""LightGBM boosters from text files, called the quick way.

``Booster.predict`` spends some 20 µs on checks for each call. For one row the C API's prepared call
(``LGBM_BoosterPredictForMatSingleRowFast``, see LightGBM's ``c_api.h``) is used instead; batches go through
``Booster.predict``. One thread in both: the stream has its own parallelism.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import lightgbm
import numpy as np
import numpy.typing as npt

_LIB = lightgbm.basic._LIB
_NORMAL, _FLOAT64 = 0, 1  # C_API_PREDICT_NORMAL, C_API_DTYPE_FLOAT64
_PARAMETERS = b"num_threads=1 predict_disable_shape_check=false"


class Forest:
    """One booster, read from its text file. Not for several threads at once: it keeps one row's buffer."""

    def __init__(self, path: Path, features: int) -> None:
        self._booster = lightgbm.Booster(model_file=str(path))
        if self._booster.num_feature() != features:
            raise ValueError(
                f"{path}: wants {self._booster.num_feature()} features, the feature function has {features}"
            )
        self._row = (ctypes.c_double * features)()
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

    @property
    def row(self) -> ctypes.Array[ctypes.c_double]:
        """Buffer of one row, to be filled before ``one``."""
        return self._row

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
