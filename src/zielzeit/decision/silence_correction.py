"""Estimate of the true delay of a train that silence decided, and of the error of the estimate.

A default board drops a row in the minute in which the train is believed to leave, before the true minute is posted: the
last value is too low. The correction is the median of (true − last) over ten periods of six hours in Frankfurt (Main)
Hbf, learnt and checked by ``zielzeit tune`` (docs/decisions.md). Trains that start here leave a minute or two later
than believed; for the others the last value is the best estimate. If the last value lies after the first board without
the train, the forecast had collapsed in between: the train left between the two boards.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from zielzeit.berlin_time import MINUTE
from zielzeit.decision.state import Entry

LATE_FROM: Final = 4
"""Delay from which a train counts as late, minutes."""


class Estimate(NamedTuple):
    """An estimated delay, or a correction of one, minutes."""

    delay: float
    error: float
    """Mean absolute error."""


LEARNT: Final[dict[str, Estimate]] = {
    "starts here": Estimate(1.0, 1.3),
    "starts here, late": Estimate(2.0, 3.5),
    "passes": Estimate(0.0, 0.8),
    "passes, late": Estimate(0.0, 1.5),
    "ends here": Estimate(0.0, 0.8),
    "collapsed": Estimate(0.0, 2.9),
}
"""Group of trains → correction to add, and the mean error that remains."""


def group(entry: Entry) -> str:
    """Return the group of trains that share a correction with this one."""
    if _has_collapsed(entry):
        return "collapsed"
    if entry.ends:
        return "ends here"
    place = "starts here" if entry.row.scheduled_arrival is None else "passes"
    return f"{place}, late" if entry.delay >= LATE_FROM else place


def base(entry: Entry) -> float:
    """Return the delay to correct: the last value, or the middle between the two boards if that is impossible."""
    if _has_collapsed(entry):
        return round((entry.last_seen + entry.first_missing - 2 * entry.planned) / 2 / MINUTE, 1)
    return float(entry.delay)


def estimate(entry: Entry) -> Estimate:
    """Return the estimated true delay; the longer no board came, the larger its error."""
    learnt = LEARNT[group(entry)]
    unseen = (entry.first_missing - entry.last_seen) / MINUTE
    return Estimate(base(entry) + learnt.delay, max(learnt.error, round(unseen / 4, 1)))


def _has_collapsed(entry: Entry) -> bool:
    return entry.believed > entry.first_missing
