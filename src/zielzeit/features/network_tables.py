"""What is known of the railway at one minute.

One definition for the archive and the stream: ``note_…`` here write, ``describe`` in ``zielzeit.features.definition``
reads. All
take plain numbers and arrays, so that the archive calls them compiled, millions in a row, and the stream once per
departure (``zielzeit.features.network_state`` turns names into keys). A minute's departures are described before any
of its events is
noted: what a decision knows then depends neither on the order in which one minute's events arrive nor on what it
decides itself.

Delays and growths are minutes. Growth is a later delay minus an earlier one; means use clipped growths, because one
train that stood for five hours says little about the next. Sums over the way ahead use shrunken means, so that a hop
without news counts as "no change".
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from zielzeit.compiled import compiled
from zielzeit.features.statistics import Table, past_add, recent_add

Keys = npt.NDArray[np.int32]
Minutes = npt.NDArray[np.float64]

HOUR = 45.0
"""Minutes after which news of the last hour weighs 1/e."""
HALF_DAY = 150.0
"""The same for slower news."""
STALE = 600.0
"""Minutes after which the last train no longer says anything."""
LATE = 5
"""Minutes of delay from which a train is one that wants to catch up."""
DELAY_BUCKETS = 7
HORIZON_BUCKETS = 8


class Tables(NamedTuple):
    """Everything observed, one row per key; see ``zielzeit.features.statistics`` for the columns of recent and past
    rows."""

    hop_hour: Table
    hop_half_day: Table
    hop_last: Table
    """Of the last train over a hop: minute, delay when it set out."""
    hop_minutes: Table
    """Shortest planned minutes of a hop; NaN before the first train."""
    hop_past: Table
    hop_late_past: Table
    station_hour: Table
    station_cancelled: Table
    station_past: Table
    train_past: Table
    train_late_past: Table
    """Two rows per train key: on time, late."""
    service_half_day: Table
    service_past: Table
    service_bucket_past: Table
    """``DELAY_BUCKETS`` rows per service key."""
    relation_half_day: Table
    relation_last: Table
    """Of the last arrival on a relation: minute, growth."""
    relation_past: Table
    class_hour: Table
    class_half_day: Table
    class_cancelled: Table
    class_past: Table
    class_bucket_past: Table
    """``DELAY_BUCKETS`` · ``HORIZON_BUCKETS`` rows per class."""


class Place(NamedTuple):
    """Keys of one departure: whose, where, to where."""

    klass: int
    station: int
    train: int
    """(category, number, station, destination)"""
    service: int
    """(class, line or category, station, destination)"""
    relation: int
    """(class, station, destination)"""


@compiled
def clip(value: float, bound: float) -> float:
    """The value, held within ±bound."""
    return float(min(max(value, -bound), bound))


@compiled
def delay_bucket(delay: float) -> int:
    """Which of ``DELAY_BUCKETS`` a delay falls in: how a train recovers depends on how late it is."""
    if delay <= 0:
        return 0
    if delay <= 2:
        return 1
    if delay <= 5:
        return 2
    if delay <= 10:
        return 3
    if delay <= 20:
        return 4
    return 5 if delay <= 40 else 6


@compiled
def horizon_bucket(horizon: float) -> int:
    """Which of ``HORIZON_BUCKETS`` a horizon falls in."""
    if horizon <= 60:
        return 0 if horizon <= 15 else (1 if horizon <= 30 else 2)
    if horizon <= 120:
        return 3 if horizon <= 90 else 4
    return 5 if horizon <= 180 else (6 if horizon <= 300 else 7)


@compiled
def class_bucket(klass: int, delay: float, horizon: float) -> int:
    """Row of ``class_bucket_past``."""
    return (klass * DELAY_BUCKETS + delay_bucket(delay)) * HORIZON_BUCKETS + horizon_bucket(horizon)


@compiled
def note_hop(tables: Tables, hop: int, minute: float, day: int, before: float, after: float, planned: float) -> None:
    """A train went over a hop: its delays when it set out and when it departed (or ended) at the other end."""
    growth = clip(after - before, 30.0)
    recent_add(tables.hop_hour, hop, minute, growth, 0.0, HOUR)
    recent_add(tables.hop_half_day, hop, minute, growth, 0.0, HALF_DAY)
    values = (growth, 0.0, 0.0, 0.0, 0.0, 0.0)
    past_add(tables.hop_past, hop, day, 1.0, values)
    if before >= LATE:
        past_add(tables.hop_late_past, hop, day, 1.0, values)
    last = tables.hop_last[hop]
    last[1] = max(last[1], before) if last[0] == minute else before
    last[0] = minute
    if not math.isnan(planned):
        times = tables.hop_minutes[hop]
        times[0] = planned if math.isnan(times[0]) else min(times[0], planned)


@compiled
def note_passing(
    tables: Tables, klass: int, station: int, minute: float, day: int, delay: float, growth: float
) -> None:
    """A train departed, or ended, at a station; ``growth`` since its stop before, 0 where there was none."""
    held = clip(delay, 90.0)
    recent_add(tables.station_hour, station, minute, held, clip(growth, 30.0), HOUR)
    recent_add(tables.station_cancelled, station, minute, 0.0, 0.0, HALF_DAY)
    past_add(tables.station_past, station, day, 1.0, (held, 0.0, 0.0, 0.0, 0.0, 0.0))
    recent_add(tables.class_hour, klass, minute, held, clip(growth, 30.0), HOUR)


@compiled
def note_cancelled_stop(tables: Tables, station: int, minute: float) -> None:
    """A train did not call where it should have."""
    recent_add(tables.station_cancelled, station, minute, 1.0, 0.0, HALF_DAY)


@compiled
def note_run(tables: Tables, klass: int, minute: float, cancelled: bool) -> None:
    """A run reached its destination, or was found not to."""
    recent_add(tables.class_cancelled, klass, minute, 1.0 if cancelled else 0.0, 0.0, HALF_DAY)


@compiled
def note_outcome(
    tables: Tables, place: Place, minute: float, day: int, delay: float, final: float, horizon: float
) -> None:
    """One departure's truth, when its run ended; ``final`` is NaN where the destination was cancelled."""
    held = clip(delay, 90.0)
    if math.isnan(final):
        lost = (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
        past_add(tables.class_past, place.klass, day, 0.0, lost)
        past_add(tables.service_past, place.service, day, 0.0, lost)
        past_add(tables.train_past, place.train, day, 0.0, lost)
        return
    growth = final - delay
    held_growth, slight = clip(growth, 45.0), clip(growth, 3.0)
    values = (held_growth, clip(growth, 10.0), slight, clip(growth, 1.0), held, 0.0)
    past_add(tables.class_past, place.klass, day, 1.0, values)
    past_add(tables.relation_past, place.relation, day, 1.0, values)
    past_add(tables.service_past, place.service, day, 1.0, values)
    past_add(tables.train_past, place.train, day, 1.0, values)
    past_add(tables.train_late_past, 2 * place.train + (1 if delay >= LATE else 0), day, 1.0, values)
    past_add(tables.service_bucket_past, place.service * DELAY_BUCKETS + delay_bucket(delay), day, 1.0, values)
    past_add(tables.class_bucket_past, class_bucket(place.klass, delay, horizon), day, 1.0, values)
    recent_add(tables.relation_half_day, place.relation, minute, held_growth, slight, HALF_DAY)
    recent_add(tables.service_half_day, place.service, minute, held_growth, slight, HALF_DAY)
    recent_add(tables.class_half_day, place.klass, minute, held_growth, held, HALF_DAY)
    last = tables.relation_last[place.relation]
    last[1] = max(last[1], held_growth) if last[0] == minute else held_growth
    last[0] = minute
