"""What the true delay may be of a train that fell silent, and how far that is off on average.

A default board drops a row the minute the train is believed gone, before the true minute is posted: the last value is
biased low. What is added here is the median of true − last over ten periods of six hours in Frankfurt (Main) Hbf,
learnt and checked by ``zielzeit tune`` (docs/decisions.md): trains that start here leave a minute or two after they
are believed gone, for the others the last value is the best guess. Where the last value lies after the first board
without the train, the forecast had collapsed in between: it left between the two boards.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from zielzeit.berlin_time import MINUTE
from zielzeit.decision.state import Entry

LATE_FROM: Final = 4
"""Minutes."""


class Estimate(NamedTuple):
    """Minutes."""

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
"""By ``group``: what to add, and the error that is left."""


def group(entry: Entry) -> str:
    """Which trains it is like."""
    if _has_collapsed(entry):
        return "collapsed"
    if entry.ends:
        return "ends here"
    place = "starts here" if entry.row.scheduled_arrival is None else "passes"
    return f"{place}, late" if entry.delay >= LATE_FROM else place


def base(entry: Entry) -> float:
    """What to add to: the last value; where that cannot be, the middle between the last board and the first without."""
    if _has_collapsed(entry):
        return round((entry.last_seen + entry.first_missing - 2 * entry.planned) / 2 / MINUTE, 1)
    return float(entry.delay)


def estimate(entry: Entry) -> Estimate:
    """The true delay of a train that fell silent. The longer the boards were away, the wider the error."""
    learnt = LEARNT[group(entry)]
    unseen = (entry.first_missing - entry.last_seen) / MINUTE
    return Estimate(base(entry) + learnt.delay, max(learnt.error, round(unseen / 4, 1)))


def _has_collapsed(entry: Entry) -> bool:
    return entry.believed > entry.first_missing
