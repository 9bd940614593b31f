"""What is still to be added to the delay that a board shows when a departure is told early, as a distribution.

A board posts the true minute some minutes after a train has left: the delay shown at first is too low, mostly by
nothing, sometimes by much. The features use the median of what is still to be added; the interval of the prediction is
widened by all of it. Learnt by ``zielzeit tune`` from what boards showed first and what was decided afterwards
(docs/decisions.md). Where nothing was learnt, the delay shown counts as it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

import msgspec

from zielzeit.decision.silence_correction import LATE_FROM
from zielzeit.events.structs import ModelOutput
from zielzeit.runs.messages import EarlyMessage

LEVELS: Final = tuple(level / 100 for level in range(5, 100, 10))
"""Quantiles that a distribution consists of: ten equally likely values."""
_Z90: Final = 1.2816
"""90 % quantile of the standard normal distribution."""
_LONGEST_WAIT: Final = 8
"""Minutes since the believed departure from which a first record counts as told after a gap in the boards."""

Distribution = tuple[int, ...]
"""Minutes to be added, at ``LEVELS``."""

LEARNT: Final[Mapping[str, Distribution]] = {
    "passes, late, unmoved": (0, 0, 0, 0, 0, 0, 0, 0, 4, 6),
    "passes, nearly on time, unmoved": (0, 0, 0, 0, 0, 0, 0, 0, 0, 3),
    "starts here, late, unmoved": (0, 0, 0, 0, 0, 0, 0, 4, 4, 5),
    "starts here, nearly on time, just moved": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "starts here, nearly on time, unmoved": (0, 0, 0, 0, 0, 0, 0, 0, 0, 2),
    "starts here, on time, unmoved": (0, 0, 0, 0, 0, 0, 0, 0, 3, 5),
}
"""Group of departures → what is still to be added to the delay shown."""


def group(early: EarlyMessage) -> str:
    """Return the group of departures that share a distribution with this one."""
    delay = early.departure.seen.delay
    return group_name(starts_here=early.starts_here, delay=delay, moved=early.moved, waited=early.waited)


def group_name(*, starts_here: bool, delay: int, moved: bool, waited: float) -> str:
    """Return the name of a group, by what a board shows of a departure; delay and time waited are minutes."""
    place = "starts here" if starts_here else "passes"
    late = "late" if delay >= LATE_FROM else "nearly on time" if delay > 0 else "on time"
    news = "after a gap" if waited >= _LONGEST_WAIT else "just moved" if moved else "unmoved"
    return f"{place}, {late}, {news}"


def still_to_come(early: EarlyMessage, learnt: Mapping[str, Distribution] = LEARNT) -> Distribution:
    """Return what is still to be added to the delay shown; nothing where that was not learnt."""
    return learnt.get(group(early), (0,))


def middle(added: Distribution) -> int:
    """Return the median of a distribution, whole minutes."""
    return round(median(added))


def widened(output: ModelOutput, added: Distribution) -> ModelOutput:
    """Return a prediction made with the median of ``added``, its interval widened by the rest of it.

    Each value of ``added`` shifts the whole prediction; P10 and P90 are those of the mixture. The prediction itself is
    taken for a normal distribution with another width on either side of its median.
    """
    shifts = [value - middle(added) for value in added]
    if output.p10 is None or output.p90 is None or not any(shifts):
        return output
    centre = output.predicted_delay
    low, high = (centre - output.p10) / _Z90, (output.p90 - centre) / _Z90
    p10, p90 = (_quantile(level, centre, low, high, shifts) for level in (0.1, 0.9))
    return msgspec.structs.replace(output, p10=min(p10, centre), p90=max(p90, centre))


def _quantile(level: float, centre: float, low: float, high: float, shifts: Sequence[int]) -> float:
    """Return a quantile of the mixture, by bisection to a hundredth of a minute."""
    below = centre + min(shifts) - 5 * low - 1
    above = centre + max(shifts) + 5 * high + 1
    while above - below > 0.01:
        middle_ = (below + above) / 2
        share = sum(_below(middle_ - centre - shift, low, high) for shift in shifts) / len(shifts)
        below, above = (below, middle_) if share >= level else (middle_, above)
    return above


def _below(deviation: float, low: float, high: float) -> float:
    """Return the share of a two-sided normal distribution below a deviation from its median."""
    width = low if deviation < 0 else high
    if width <= 0:
        return float(deviation >= 0)
    return 0.5 * (1 + math.erf(deviation / width / math.sqrt(2)))
