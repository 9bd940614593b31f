"""Running statistics in fixed space: what happened lately, and what happened on finished days.

Two kinds of rows in plain float arrays, one row per key (a station, a hop, a relation …):

* *recent*: sums that fade with time, ``exp(-minutes / scale)``: what the network does right now;
* *past*: sums per service day that fade per day, and count only once their day is over: what is usual.

Adding is commutative within one minute, so the result does not depend on the order in which a minute's events arrive.
A row takes the same space whether it has seen ten trains or ten million. Row 0 stands for "never seen" and stays zero.

A row that was not added to for long is forgotten: it reads as row 0 does, and adding to it begins anew. That is a
function of event times alone, so it does not matter when, or whether, the row is taken out of its table
(``zielzeit.features.named_tables``).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from zielzeit.compiled import compiled

Table = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


class RecentSums(NamedTuple):
    """Sums of a recent row, faded to one minute. What the two values are is said at each table."""

    weight: float
    """Number of trains."""
    first: float
    second: float


class PastSums(NamedTuple):
    """Sums of a past row over finished days, faded by day; also what one train adds to them."""

    weight: float
    """Number of trains, those that did not reach their destination left out."""
    growth: float
    """Growth, minutes, clipped widely."""
    growth_10: float
    """Growth clipped at 10 minutes."""
    growth_3: float
    """Growth clipped at 3 minutes."""
    growth_1: float
    """Growth clipped at 1 minute."""
    delay: float
    """Delay, minutes, clipped."""
    cancelled: float
    """Number of trains that did not reach their destination."""


RECENT_WIDTH = 1 + len(RecentSums._fields)
"""Columns of a recent row: the minute of its last change, its sums."""
_SUMS = len(PastSums._fields)
PAST_WIDTH = 1 + 3 * _SUMS
"""Columns of a past row: its day, that day's sums, older days' sums fading slowly, older days' sums fading fast."""

SLOW, FAST = 0, 1
SLOW_HALF_LIFE = 10.0
"""Service days after which a day counts half: long enough for a mean of few trains a week."""
FAST_HALF_LIFE = 2.0
"""The same for what changed yesterday: works, strikes, weather."""
KEPT_DAYS = 42
"""Service days after which a past row is forgotten: six days of a weekly train, the first of which weighs 5 %."""
KEPT_SCALES = 20.0
"""Scales after which a recent row is forgotten: two billionths are left of it, and features have two decimals."""
_SLOW_FACTOR = 0.5 ** (1 / SLOW_HALF_LIFE)
_FAST_FACTOR = 0.5 ** (1 / FAST_HALF_LIFE)

HOP_PRIOR, STATION_PRIOR, USUAL_PRIOR = 0.7, 0.5, 2.0
"""Number of trains with "no change" (no delay) mixed into the means of a hop, a station, and of finished days."""


@compiled
def shrunk(total: float, weight: float, prior: float, strength: float) -> float:
    """Return the mean of ``total`` over ``weight`` trains and ``strength`` more trains whose mean is ``prior``."""
    return (total + strength * prior) / (weight + strength)


@compiled
def recent_fade(elapsed: float, scale: float) -> float:
    """Return what is left of the sums of a recent row after ``elapsed`` minutes, as a share."""
    return math.exp(-elapsed / scale) if elapsed <= KEPT_SCALES * scale else 0.0


@compiled
def is_forgotten(row_day: float, day: int) -> bool:
    """Return True if a past row that was last added to on a day counts no more."""
    return day - row_day > KEPT_DAYS


@compiled
def add_recent(table: Table, key: int, minute: float, first: float, second: float, scale: float) -> None:
    """Add one train's two values to a key; after ``scale`` minutes they weigh 1/e."""
    row = table[key]
    elapsed = minute - row[0]
    if elapsed > 0:
        fade = recent_fade(elapsed, scale)
        row[1] *= fade
        row[2] *= fade
        row[3] *= fade
        row[0] = minute
    row[1] += 1.0
    row[2] += first
    row[3] += second


@compiled
def recent_sums(table: Table, key: int, minute: float, scale: float) -> RecentSums:
    """Return the sums of a key, faded to ``minute``."""
    row = table[key]
    elapsed = minute - row[0]
    fade = recent_fade(elapsed, scale) if elapsed > 0 else 1.0
    return RecentSums(weight=row[1] * fade, first=row[2] * fade, second=row[3] * fade)


@compiled
def add_past(table: Table, key: int, day: int, train: PastSums) -> None:
    """Add one train to a key on a service day; days never go backwards (an older day counts to the newest one)."""
    row = table[key]
    elapsed = day - row[0]
    if elapsed > 0:
        slow, fast = (0.0, 0.0) if is_forgotten(row[0], day) else (_SLOW_FACTOR**elapsed, _FAST_FACTOR**elapsed)
        for column in range(1, 1 + _SUMS):
            today = row[column]
            row[column] = 0.0
            row[column + _SUMS] = (row[column + _SUMS] + today) * slow
            row[column + 2 * _SUMS] = (row[column + 2 * _SUMS] + today) * fast
        row[0] = day
    row[1] += train.weight
    row[2] += train.growth
    row[3] += train.growth_10
    row[4] += train.growth_3
    row[5] += train.growth_1
    row[6] += train.delay
    row[7] += train.cancelled


def merge_recent(table: Table, rows: Rows, count: int, scale: float) -> Table:
    """Return a table of ``count`` rows to which each row was added, as if its trains had been added there.

    ``rows`` says where to; rows of different age are faded to the newest.
    """
    merged = np.zeros((count, RECENT_WIDTH))
    np.maximum.at(merged[:, 0], rows, table[:, 0])
    fade = np.exp((table[:, 0] - merged[rows, 0]) / scale)
    np.add.at(merged[:, 1:], rows, table[:, 1:] * fade[:, None])
    return merged


def merge_past(table: Table, rows: Rows, count: int) -> Table:
    """Return the same of past rows."""
    merged = np.zeros((count, PAST_WIDTH))
    np.maximum.at(merged[:, 0], rows, table[:, 0])
    elapsed = (merged[rows, 0] - table[:, 0])[:, None]
    today, slow, fast = (table[:, 1 + _SUMS * part : 1 + _SUMS * (part + 1)] for part in range(3))
    older = np.where(elapsed > 0, today, 0.0)
    sums = np.hstack((today - older, (slow + older) * _SLOW_FACTOR**elapsed, (fast + older) * _FAST_FACTOR**elapsed))
    np.add.at(merged[:, 1:], rows, np.where(elapsed > KEPT_DAYS, 0.0, sums))
    return merged


def merge_last(table: Table, rows: Rows, count: int) -> Table:
    """Return the same of rows that hold the minute and the value of the last train; the largest value of a minute."""
    merged = np.full((count, 2), -np.inf)
    np.maximum.at(merged[:, 0], rows, table[:, 0])
    newest = table[:, 0] == merged[rows, 0]
    np.maximum.at(merged[:, 1], rows[newest], table[newest, 1])
    return merged


def merge_least(table: Table, rows: Rows, count: int) -> Table:
    """Return the same of rows that hold the smallest value, NaN before the first train."""
    merged = np.full((count, 1), np.nan)
    np.fmin.at(merged[:, 0], rows, table[:, 0])
    return merged


@compiled
def past_sums(table: Table, key: int, day: int, speed: int) -> PastSums:
    """Return the sums of a key over the days before ``day``, fading ``SLOW`` or ``FAST``."""
    row = table[key]
    base = 1 + _SUMS * (1 + speed)
    elapsed = day - row[0]
    if elapsed <= 0:  # its own day is not over: only the days before it count
        return PastSums(
            weight=row[base],
            growth=row[base + 1],
            growth_10=row[base + 2],
            growth_3=row[base + 3],
            growth_1=row[base + 4],
            delay=row[base + 5],
            cancelled=row[base + 6],
        )
    factor = _SLOW_FACTOR if speed == SLOW else _FAST_FACTOR
    fade = 0.0 if is_forgotten(row[0], day) else factor**elapsed
    return PastSums(
        weight=(row[base] + row[1]) * fade,
        growth=(row[base + 1] + row[2]) * fade,
        growth_10=(row[base + 2] + row[3]) * fade,
        growth_3=(row[base + 3] + row[4]) * fade,
        growth_1=(row[base + 4] + row[5]) * fade,
        delay=(row[base + 5] + row[6]) * fade,
        cancelled=(row[base + 6] + row[7]) * fade,
    )
