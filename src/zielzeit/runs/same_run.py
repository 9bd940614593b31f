"""Whether stops of one train can belong to one run. Boards and most archives carry no trip id."""

from __future__ import annotations

from typing import Final, overload

import numpy as np
import numpy.typing as npt

LONGEST_GAP: Final = 4 * 60
"""Planned minutes between two stops of one run, at most. Trains of one number are usually a day apart."""
LONGEST_AGREEING_GAP: Final = 9 * 60
"""The same where more than the number says that it is one run: night trains call nowhere for five hours, and who polls
two large stations alone sees trains that far apart."""
LONGEST_RIDE: Final = 16 * 60
"""Planned minutes from one stop of a run to another, at most, where the route names both: boards show it."""


@overload
def may_be_one_run(minutes_apart: int, *, agrees: bool = False) -> bool: ...
@overload
def may_be_one_run(minutes_apart: npt.NDArray[np.int32], *, agrees: bool = False) -> npt.NDArray[np.bool_]: ...
def may_be_one_run(minutes_apart: int | npt.NDArray[np.int32], *, agrees: bool = False) -> bool | npt.NDArray[np.bool_]:
    """Return whether a stop planned so many minutes before or after a run's nearest one may belong to the run.

    ``agrees``: route and destination agree as well, or the later stop has an arrival. Takes and returns arrays as well:
    one entry per stop.
    """
    return minutes_apart <= (LONGEST_AGREEING_GAP if agrees else LONGEST_GAP)
