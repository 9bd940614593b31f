"""What is still to be added to the delay that a board shows when a departure is told early, as a distribution.

A board posts the true minute some minutes after a train has left: the delay shown at first is too low, mostly by
nothing, sometimes by much. Each value that may still be added is predicted, and the prediction is the mixture of all.
Learnt by ``zielzeit tune`` from what boards showed first and what was true (docs/decisions.md). Where nothing was
learnt, the delay shown counts as it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from zielzeit.decision.early import News
from zielzeit.decision.silence_correction import LATE_FROM
from zielzeit.events.structs import ModelOutput
from zielzeit.runs.messages import EarlyMessage

TENTHS: Final = 10
"""Values that a distribution consists of, all equally likely."""
_WAITS: Final = ((1, 3), (3, 5), (5, 8))
"""Minutes since the believed departure that groups have in common: from, below. A longer wait is a gap in boards."""
_Z90: Final = 1.2816
"""90 % quantile of the standard normal distribution."""

Distribution = tuple[int, ...]
"""Minutes to be added, each equally likely, in increasing order."""
_NOTHING: Final[Distribution] = (0,)

LEARNT: Final[Mapping[str, Distribution]] = {
    "passes, late, awaited, 1 to 3 minutes": (0, 0, 0, 0, 0, 0, 1, 3, 4, 11),
    "passes, late, awaited, 3 to 5 minutes": (0, 0, 0, 0, 0, 0, 0, 1, 4, 11),
    "passes, late, awaited, 5 to 8 minutes": (0, 0, 0, 0, 0, 0, 0, 0, 0, 10),
    "passes, late, gone": (0, 0, 0, 0, 0, 0, 1, 3, 4, 11),
    "passes, late, posted, 3 to 5 minutes": (0, 0, 0, 0, 0, 0, 0, 0, 0, 3),
    "passes, late, posted, 5 to 8 minutes": (0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    "passes, nearly on time, awaited, 1 to 3 minutes": (0, 0, 0, 0, 0, 0, 0, 0, 2, 4),
    "passes, nearly on time, awaited, 3 to 5 minutes": (0, 0, 0, 0, 0, 0, 0, 0, 0, 2),
    "passes, nearly on time, awaited, 5 to 8 minutes": (0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    "passes, nearly on time, gone": (0, 0, 0, 0, 0, 0, 0, 0, 2, 5),
    "starts here, late, awaited, 1 to 3 minutes": (0, 0, 2, 2, 3, 4, 4, 5, 9, 23),
    "starts here, late, awaited, 3 to 5 minutes": (0, 0, 1, 3, 4, 4, 5, 5, 10, 28),
    "starts here, late, awaited, 5 to 8 minutes": (0, 0, 0, 0, 0, 4, 6, 10, 14, 36),
    "starts here, late, gone": (-13, -2, 0, 1, 2, 3, 4, 5, 7, 18),
    "starts here, late, posted, 1 to 3 minutes": (-4, 0, 0, 0, 0, 0, 0, 0, 0, 3),
    "starts here, late, posted, 3 to 5 minutes": (0, 0, 0, 0, 0, 0, 0, 0, 0, 2),
    "starts here, late, posted, 5 to 8 minutes": (0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    "starts here, nearly on time, awaited, 1 to 3 minutes": (0, 0, 0, 0, 0, 2, 2, 4, 5, 7),
    "starts here, nearly on time, awaited, 3 to 5 minutes": (0, 0, 0, 0, 0, 0, 1, 4, 5, 7),
    "starts here, nearly on time, awaited, 5 to 8 minutes": (0, 0, 0, 0, 0, 0, 0, 0, 4, 7),
    "starts here, nearly on time, gone": (-1, 0, 0, 0, 0, 1, 2, 3, 4, 6),
    "starts here, on time, awaited, 1 to 3 minutes": (0, 0, 0, 0, 0, 1, 1, 2, 3, 9),
    "starts here, on time, awaited, 3 to 5 minutes": (0, 0, 0, 0, 0, 0, 0, 1, 4, 11),
    "starts here, on time, awaited, 5 to 8 minutes": (0, 0, 0, 0, 0, 0, 0, 0, 0, 11),
    "starts here, on time, gone": (0, 0, 0, 0, 1, 1, 1, 1, 2, 8),
}
"""Group of departures → what is still to be added to the delay shown."""


def group(early: EarlyMessage) -> str:
    """Return the group of departures that share a distribution with this one."""
    delay = early.departure.seen.delay
    return group_name(starts_here=early.starts_here, delay=delay, news=early.news, waited=early.waited)


def group_name(*, starts_here: bool, delay: int, news: News, waited: float) -> str:
    """Return the name of a group, by what a board shows of a departure; delay and time waited are minutes."""
    place = "starts here" if starts_here else "passes"
    late = "late" if delay >= LATE_FROM else "nearly on time" if delay > 0 else "on time"
    if news == "gone":
        return f"{place}, {late}, gone"
    wait = next((f"{low} to {below} minutes" for low, below in _WAITS if low <= waited < below), "other wait")
    return f"{place}, {late}, {news}, {wait}"


def still_to_come(early: EarlyMessage, learnt: Mapping[str, Distribution] = LEARNT) -> Distribution:
    """Return what is still to be added to the delay shown; nothing where that was not learnt."""
    return learnt.get(group(early), _NOTHING)


def expected(added: Distribution) -> int:
    """Return the mean of a distribution, whole minutes."""
    return round(sum(added) / len(added))


class _Part(NamedTuple):
    """A prediction as a normal distribution with another width on either side of its median."""

    weight: float
    centre: float
    low: float
    high: float


def mixture(outputs: Sequence[ModelOutput], weights: Sequence[int]) -> ModelOutput:
    """Return one prediction out of those for each value that may still be added, and how often each one is.

    Median, P10 and P90 are those of the mixture of all distributions, the probability of a cancellation is the mean.
    """
    if len(outputs) == 1:
        return ModelOutput(**{name: getattr(outputs[0], name) for name in ModelOutput.__struct_fields__})
    total = sum(weights)
    parts = [_part(one, weight / total) for one, weight in zip(outputs, weights, strict=True)]
    chances = [one.cancel_probability for one in outputs if one.cancel_probability is not None]
    middle, p10, p90 = (_quantile(level, parts) for level in (0.5, 0.1, 0.9))
    has_interval = all(one.p10 is not None and one.p90 is not None for one in outputs)
    return ModelOutput(
        predicted_delay=middle,
        p10=p10 if has_interval else None,
        p90=p90 if has_interval else None,
        cancel_probability=sum(map(math.prod, zip(chances, weights, strict=True))) / total
        if len(chances) == len(outputs)
        else None,
    )


def _part(one: ModelOutput, weight: float) -> _Part:
    centre = one.predicted_delay
    low, high = (0.0 if end is None else abs(end - centre) / _Z90 for end in (one.p10, one.p90))
    return _Part(weight, centre, low, high)


def _quantile(level: float, parts: Sequence[_Part]) -> float:
    """Return a quantile of the mixture, by bisection to a thousandth of a minute."""
    below = min(part.centre - 5 * part.low for part in parts) - 1
    above = max(part.centre + 5 * part.high for part in parts) + 1
    while above - below > 0.001:
        at = (below + above) / 2
        share = sum(part.weight * _below(at - part.centre, part.low, part.high) for part in parts)
        below, above = (below, at) if share >= level else (at, above)
    return above


def _below(deviation: float, low: float, high: float) -> float:
    """Return the share of a two-sided normal distribution below a deviation from its median."""
    width = low if deviation < 0 else high
    if width <= 0:
        return float(deviation >= 0)
    return 0.5 * (1 + math.erf(deviation / width / math.sqrt(2)))
