"""What is still to be added to the delay that a board shows when a departure is told early, as a distribution.

A board posts the true minute some minutes after a train has left: the delay shown at first is too low, mostly by
nothing, sometimes by much. The model is asked for the usual value and for the mean of all others, and the prediction is
the mixture of what it says of each value. Learnt by ``zielzeit tune`` from what boards showed first and what was true
(docs/decisions.md). Where nothing was learnt, the delay shown counts as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist, mode
from typing import Final

import msgspec

from zielzeit.decision.early import News
from zielzeit.decision.silence_correction import LATE_FROM
from zielzeit.events.structs import ModelOutput
from zielzeit.runs.messages import EarlyMessage

TENTHS: Final = 10
"""Values that a distribution consists of, all equally likely."""
_WAITS: Final = ((1, 3), (3, 5), (5, 8))
"""Minutes since the believed departure that groups have in common: from, below. A longer wait is a gap in boards."""
_NORMAL: Final = tuple(NormalDist().inv_cdf((place + 0.5) / 20) for place in range(20))
"""Twenty equally likely values of the standard normal distribution."""
_Z90: Final = NormalDist().inv_cdf(0.9)

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


def asked(added: Distribution) -> tuple[int, ...]:
    """Return the values of which the model is asked: the usual one, and the mean of all others."""
    usual = mode(added)
    others = [value for value in added if value != usual]
    return (usual,) if not others else tuple(sorted({usual, round(sum(others) / len(others))}))


def mixture(answers: Mapping[int, ModelOutput], added: Distribution) -> ModelOutput:
    """Return one prediction for all values of ``added``, out of the model's answers for those of ``asked``.

    The answer for a value between two that were asked lies between theirs in proportion; beyond them it is moved. Each
    answer is taken for a normal distribution with another width on either side of its median. Median, P10 and P90 are
    those of the mixture, the probability of a cancellation is the mean.
    """
    of_value = {value: _answer(answers, value) for value in set(added)}
    values = [of_value[value] for value in added]
    if len(of_value) == 1:
        return values[0]
    points: list[float] = []
    for one in values:
        centre = one.predicted_delay
        if one.p10 is None or one.p90 is None:
            points.append(centre)
        else:
            low, high = (centre - one.p10) / _Z90, (one.p90 - centre) / _Z90
            points += [centre + deviation * (low if deviation < 0 else high) for deviation in _NORMAL]
    points.sort()
    has_interval = all(one.p10 is not None and one.p90 is not None for one in values)
    chances = [one.cancel_probability for one in values if one.cancel_probability is not None]
    return ModelOutput(
        predicted_delay=_quantile(points, 0.5),
        p10=_quantile(points, 0.1) if has_interval else None,
        p90=_quantile(points, 0.9) if has_interval else None,
        cancel_probability=sum(chances) / len(chances) if len(chances) == len(values) else None,
    )


def _answer(answers: Mapping[int, ModelOutput], value: int) -> ModelOutput:
    """Return the answer for a value, out of those for one or two others."""
    if value in answers:
        return answers[value]
    low, high = min(answers), max(answers)
    if low < value < high:
        share = (value - low) / (high - low)
        return _combined(answers[low], answers[high], lambda one, other: one + share * (other - one))
    nearest = low if value < low else high
    moved = value - nearest
    whole = _combined(answers[nearest], answers[nearest], lambda one, _: one + moved)
    return msgspec.structs.replace(whole, cancel_probability=answers[nearest].cancel_probability)


def _combined(one: ModelOutput, other: ModelOutput, by: Callable[[float, float], float]) -> ModelOutput:
    def both(first: float | None, second: float | None) -> float | None:
        return None if first is None or second is None else by(first, second)

    return ModelOutput(
        predicted_delay=by(one.predicted_delay, other.predicted_delay),
        p10=both(one.p10, other.p10),
        p90=both(one.p90, other.p90),
        cancel_probability=both(one.cancel_probability, other.cancel_probability),
    )


def _quantile(values: Sequence[float], level: float) -> float:
    """Return a quantile of equally likely values in increasing order, between two of them in proportion."""
    place = level * len(values) - 0.5
    below = int(place)
    return values[below] + (place - below) * (values[below + 1] - values[below])
