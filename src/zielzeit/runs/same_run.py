"""Whether stops of one train can belong to one run. Boards and most archives carry no trip id."""

from __future__ import annotations

from typing import Final, overload

import numpy as np
import numpy.typing as npt

LONGEST_GAP: Final = 4 * 60
"""Planned minutes between two stops of one run, at most. Trains of one number are usually a day apart."""


@overload
def may_be_one_run(minutes_apart: int) -> bool: ...
@overload
def may_be_one_run(minutes_apart: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]: ...
def may_be_one_run(minutes_apart: int | npt.NDArray[np.int32]) -> bool | npt.NDArray[np.bool_]:
    """Return whether a stop planned so many minutes before or after a run's nearest one may belong to the run.

    Takes and returns arrays as well: one entry per stop.
    """
    return minutes_apart <= LONGEST_GAP
