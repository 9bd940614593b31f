"""Running statistics in fixed space: what happened lately, and what happened on finished days.

Two kinds of rows in plain float arrays, one row per key (a station, a hop, a relation …):

* *recent*: sums that fade with time, ``exp(-minutes / scale)``: what the network does right now;
* *past*: sums per service day that fade per day, and count only once their day is over: what is usual.

Adding is commutative within one minute, so the result does not depend on the order in which a minute's events arrive.
A row takes the same space whether it has seen ten trains or ten million. Row 0 stands for "never seen" and stays zero.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from zielzeit.compiled import compiled

Table = npt.NDArray[np.float64]
Values = tuple[float, float, float, float, float, float]

RECENT_WIDTH = 4
"""Columns of a recent row: minute of its last change, weight, two faded sums."""
PAST_VALUES = 7
"""Sums of a past row: weight, five values, cancellations."""
PAST_WIDTH = 1 + 3 * PAST_VALUES
"""Columns of a past row: its day, that day's sums, older days' sums fading slowly, older days' sums fading fast."""

SLOW, FAST = 0, 1
SLOW_HALF_LIFE = 10.0
"""Service days after which a day counts half: long enough for a mean of few trains a week."""
FAST_HALF_LIFE = 2.0
"""The same for what changed yesterday: works, strikes, weather."""
_SLOW_FACTOR = 0.5 ** (1 / SLOW_HALF_LIFE)
_FAST_FACTOR = 0.5 ** (1 / FAST_HALF_LIFE)


HOP_PRIOR, STATION_PRIOR, USUAL_PRIOR = 0.7, 0.5, 2.0
"""Trains' worth of "no change" (no delay) mixed into the means of a hop, a station, and past days."""


@compiled
def held(total: float, weight: float, prior: float, strength: float) -> float:
    """A mean, held to ``prior`` as if that were the mean of ``strength`` more trains."""
    return (total + strength * prior) / (weight + strength)


@compiled
def recent_add(table: Table, key: int, minute: float, first: float, second: float, scale: float) -> None:
    """Count two values at a key; ``scale`` is the minutes after which they weigh 1/e."""
    row = table[key]
    elapsed = minute - row[0]
    if elapsed > 0:
        fade = math.exp(-elapsed / scale)
        row[1] *= fade
        row[2] *= fade
        row[3] *= fade
        row[0] = minute
    row[1] += 1.0
    row[2] += first
    row[3] += second


@compiled
def recent(table: Table, key: int, minute: float, scale: float) -> tuple[float, float, float]:
    """Weight and the two sums of a key, faded to ``minute``."""
    row = table[key]
    elapsed = minute - row[0]
    fade = math.exp(-elapsed / scale) if elapsed > 0 else 1.0
    return row[1] * fade, row[2] * fade, row[3] * fade


@compiled
def past_add(table: Table, key: int, day: int, weight: float, values: Values) -> None:
    """Count values at a key on a service day; days never go backwards (an older day counts to the newest one)."""
    row = table[key]
    elapsed = day - row[0]
    if elapsed > 0:
        slow, fast = _SLOW_FACTOR**elapsed, _FAST_FACTOR**elapsed
        for column in range(1, 1 + PAST_VALUES):
            today = row[column]
            row[column] = 0.0
            row[column + PAST_VALUES] = (row[column + PAST_VALUES] + today) * slow
            row[column + 2 * PAST_VALUES] = (row[column + 2 * PAST_VALUES] + today) * fast
        row[0] = day
    row[1] += weight
    row[2] += values[0]
    row[3] += values[1]
    row[4] += values[2]
    row[5] += values[3]
    row[6] += values[4]
    row[7] += values[5]


@compiled
def past(table: Table, key: int, day: int, speed: int) -> tuple[float, float, float, float, float, float, float]:
    """Weight and sums of a key over the days before ``day``, fading ``SLOW`` or ``FAST``."""
    row = table[key]
    base = 1 + PAST_VALUES * (1 + speed)
    elapsed = day - row[0]
    if elapsed <= 0:
        return row[base], row[base + 1], row[base + 2], row[base + 3], row[base + 4], row[base + 5], row[base + 6]
    factor = _SLOW_FACTOR if speed == SLOW else _FAST_FACTOR
    fade = factor if elapsed == 1 else factor**elapsed
    return (
        (row[base] + row[1]) * fade,
        (row[base + 1] + row[2]) * fade,
        (row[base + 2] + row[3]) * fade,
        (row[base + 3] + row[4]) * fade,
        (row[base + 4] + row[5]) * fade,
        (row[base + 5] + row[6]) * fade,
        (row[base + 6] + row[7]) * fade,
    )
