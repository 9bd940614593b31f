"""Stops of which an archive tells "cancelled" without saying whether the arrival, the departure or both were.

A train that begins later than planned has no arrival at its first stop, but it leaves from there; one that ends earlier
arrives at its last stop, and does not leave. Only the neighbours tell the two from a stop that was left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]


class Reading(NamedTuple):
    """What the neighbours say of stops; parallel arrays, one entry per stop."""

    departs: Flags
    """Only the arrival was cancelled: the train began here."""
    unclear: Flags
    """The train may have left here or not."""


def read_one_flag(one_flag: Flags, cancelled: Flags, arrives: Flags, adjacent: Flags, start: Flags) -> Reading:
    """Read stops with one flag for arrival and departure by the stops before and after them.

    Parameters
    ----------
    one_flag
        Cancelled, but not said what.
    cancelled
        Arrival or departure is cancelled.
    arrives
        An arrival is known at the stop.
    adjacent
        The stop after this one in the data is the next one of the run: nothing between is missing.
    start
        First stop of each run.

    Notes
    -----
    The last of the cancelled stops before the first served one is where the train began: it arrives at the served one,
    and it did not come from the stops before. Where stops between may be missing, it may as well have begun there. The
    last of several cancelled stops between served ones is unclear: the train was diverted, or two trains ran instead
    of one. All others were not left: a single stop between served ones was left out, and after the last served stop
    the train ended.
    """
    index = np.arange(len(start))
    ends = np.append(start[1:], True)
    served = ~cancelled
    next_served = np.append(served[1:], False) & ~ends
    first = np.maximum.accumulate(np.where(start, index, 0))
    last_served = np.maximum.accumulate(np.where(served, index, -1))
    served_before = last_served >= first
    several = ~start & np.append(False, cancelled[:-1])
    candidates = one_flag & next_served
    begins = candidates & ~served_before & (~start | arrives)
    return Reading(departs=begins & adjacent, unclear=(begins & ~adjacent) | (candidates & served_before & several))
