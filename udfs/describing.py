"""The one feature function: a departure, seen against what the network knew a minute before.

Four groups of numbers, in the order of ``FEATURES``. Minutes unless said otherwise; NaN is "unknown". Where a key has
seen little, its mean is held to the level above it: train → service → relation → class at this delay and horizon.
``…_10``, ``…_3`` and ``…_1`` are means of growth clipped at so many minutes (close to a median), ``…_fast`` are means
of the last days rather than weeks.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from udfs import clock
from udfs.compiled import compiled
from udfs.network import (
    DELAY_BUCKETS,
    HALF_DAY,
    HOUR,
    LATE,
    STALE,
    Keys,
    Minutes,
    Place,
    Tables,
    class_bucket,
    delay_bucket,
)
from udfs.statistics import FAST, SLOW, past, recent

_HOP_PRIOR, _STATION_PRIOR, _USUAL_PRIOR = 0.7, 0.5, 2.0
"""Trains' worth of "no change" (no delay) mixed into the means of a hop, a station, and past days."""
_RELATION_PRIOR, _SERVICE_PRIOR, _TRAIN_PRIOR, _FAST_PRIOR = 8.0, 4.0, 1.5, 0.7
"""Trains' worth of the level above mixed into the means of each level."""


class Own(NamedTuple):
    """The run itself and the calendar."""

    klass: float
    category_code: float
    delay: float
    horizon: float
    stops_left: float
    minute_of_day: float
    weekday: float
    holiday: float
    growth_one_stop: float
    growth_three_stops: float
    growth_since_origin: float
    below_worst: float


class Usual(NamedTuple):
    """Finished days."""

    class_growth: float
    class_growth_fast: float
    class_delay_fast: float
    class_cancelled_fast: float
    bucket_growth: float
    bucket_growth_3: float
    bucket_growth_fast: float
    relation_growth: float
    relation_growth_3: float
    relation_weight: float
    service_growth: float
    service_growth_10: float
    service_growth_3: float
    service_growth_fast: float
    service_growth_3_fast: float
    service_weight: float
    service_delay: float
    service_cancelled: float
    service_bucket_growth: float
    service_bucket_growth_10: float
    service_bucket_growth_3: float
    service_bucket_growth_1: float
    service_bucket_growth_fast: float
    service_bucket_growth_3_fast: float
    service_bucket_weight: float
    train_growth: float
    train_growth_10: float
    train_growth_3: float
    train_growth_1: float
    train_growth_fast: float
    train_growth_3_fast: float
    train_weight: float
    train_late_growth_10: float
    train_late_growth_3: float
    train_late_growth_1: float
    train_more_than_usual: float
    train_more_than_usual_fast: float
    train_final_minus_now: float
    train_final_minus_now_fast: float
    train_cancelled: float
    train_cancelled_fast: float


class Ahead(NamedTuple):
    """The hops and stations still to come: this hour, and usually."""

    ahead_growth_hour: float
    ahead_growth_half_day: float
    ahead_growth_next_three: float
    ahead_growth_worst: float
    ahead_growth_usual: float
    ahead_growth_usual_fast: float
    ahead_growth_usual_late: float
    ahead_growth_unusual: float
    ahead_news: float
    ahead_delay: float
    ahead_delay_worst: float
    ahead_delay_unusual: float
    ahead_station_growth: float
    ahead_cancelled: float
    ahead_fastest: float


class Lately(NamedTuple):
    """The last trains: in front, here, there, on the same way, of the same class."""

    leader_age: float
    leader_delay: float
    destination_delay: float
    destination_delay_unusual: float
    here_delay: float
    here_delay_unusual: float
    next_growth_hour: float
    relation_growth_recent: float
    relation_growth_3_recent: float
    relation_arrivals: float
    relation_last_growth: float
    relation_last_age: float
    service_growth_recent: float
    service_growth_3_recent: float
    service_arrivals: float
    class_arrival_growth: float
    class_arrival_delay: float
    class_passing_delay: float
    class_passing_growth: float
    class_cancelled_recent: float
    slack: float


FEATURES: tuple[str, ...] = (*Own._fields, *Usual._fields, *Ahead._fields, *Lately._fields)
"""Names of the features, in order."""


@compiled
def _held(total: float, weight: float, prior: float, strength: float) -> float:
    """A mean, held to ``prior`` as if that were the mean of ``strength`` more trains."""
    return (total + strength * prior) / (weight + strength)


@compiled
def _own(
    klass: int, wall: int, category: float, holiday: float, delay: float, horizon: float, left: int, before: Minutes
) -> Own:
    count = len(before)
    worst = math.nan
    for earlier in before:
        worst = earlier if math.isnan(worst) else max(worst, earlier)
    return Own(
        float(klass),
        category,
        delay,
        horizon,
        float(left),
        float(wall % clock.DAY),
        float((wall // clock.DAY + 3) % 7),  # 1970-01-01 was a Thursday; Monday is 0
        holiday,
        delay - before[count - 1] if count >= 1 else math.nan,
        delay - before[count - 3] if count >= 3 else math.nan,
        delay - before[0] if count >= 1 else math.nan,
        worst - delay,
    )


@compiled
def _usual(tables: Tables, place: Place, day: int, delay: float, horizon: float) -> Usual:
    weight, growth, _, _, _, _, _ = past(tables.class_past, place.klass, day, SLOW)
    class_growth = _held(growth, weight, 0.0, 1.0)
    weight, growth, _, _, _, total_delay, lost = past(tables.class_past, place.klass, day, FAST)
    class_growth_fast, class_delay_fast = _held(growth, weight, 0.0, 1.0), _held(total_delay, weight, 0.0, 1.0)
    class_cancelled_fast = lost / (weight + lost + 1.0)

    bucket = class_bucket(place.klass, delay, horizon)
    weight, growth, growth_10, growth_3, growth_1, _, _ = past(tables.class_bucket_past, bucket, day, SLOW)
    bucket_45, bucket_10 = growth / (weight + 1.0), growth_10 / (weight + 1.0)
    bucket_3, bucket_1 = growth_3 / (weight + 1.0), growth_1 / (weight + 1.0)
    weight, growth, _, _, _, _, _ = past(tables.class_bucket_past, bucket, day, FAST)
    bucket_fast = _held(growth, weight, bucket_45, 1.0)

    relation_n, growth, growth_10, growth_3, growth_1, _, _ = past(tables.relation_past, place.relation, day, SLOW)
    relation_45 = _held(growth, relation_n, bucket_45, _RELATION_PRIOR)
    relation_10 = _held(growth_10, relation_n, bucket_10, _RELATION_PRIOR)
    relation_3 = _held(growth_3, relation_n, bucket_3, _RELATION_PRIOR)
    relation_1 = _held(growth_1, relation_n, bucket_1, _RELATION_PRIOR)

    service_n, growth, growth_10, growth_3, growth_1, total_delay, lost = past(
        tables.service_past, place.service, day, SLOW
    )
    service_45 = _held(growth, service_n, relation_45, _SERVICE_PRIOR)
    service_10 = _held(growth_10, service_n, relation_10, _SERVICE_PRIOR)
    service_3 = _held(growth_3, service_n, relation_3, _SERVICE_PRIOR)
    service_1 = _held(growth_1, service_n, relation_1, _SERVICE_PRIOR)
    service_delay = delay - total_delay / service_n if service_n > 0.05 else math.nan
    service_cancelled = lost / (service_n + lost + 1.0)
    weight, growth, _, growth_3, growth_1, _, _ = past(tables.service_past, place.service, day, FAST)
    service_fast, service_3_fast = _held(growth, weight, service_45, 2.0), _held(growth_3, weight, service_3, 2.0)

    row = place.service * DELAY_BUCKETS + delay_bucket(delay)
    service_bucket_n, growth, growth_10, growth_3, growth_1, _, _ = past(tables.service_bucket_past, row, day, SLOW)
    service_bucket_45 = _held(growth, service_bucket_n, service_45, _SERVICE_PRIOR)
    service_bucket_10 = _held(growth_10, service_bucket_n, service_10, _SERVICE_PRIOR)
    service_bucket_3 = _held(growth_3, service_bucket_n, service_3, _SERVICE_PRIOR)
    service_bucket_1 = _held(growth_1, service_bucket_n, service_1, _SERVICE_PRIOR)
    weight, growth, _, growth_3, growth_1, _, _ = past(tables.service_bucket_past, row, day, FAST)
    service_bucket_fast = _held(growth, weight, service_bucket_45, 2.0)
    service_bucket_3_fast = _held(growth_3, weight, service_bucket_3, 2.0)

    train_n, growth, growth_10, growth_3, growth_1, total_delay, lost = past(tables.train_past, place.train, day, SLOW)
    train_45 = _held(growth, train_n, service_45, _TRAIN_PRIOR)
    train_10 = _held(growth_10, train_n, service_10, _TRAIN_PRIOR)
    train_3 = _held(growth_3, train_n, service_3, _TRAIN_PRIOR)
    train_1 = _held(growth_1, train_n, service_1, _TRAIN_PRIOR)
    train_delay = total_delay / train_n if train_n > 0.05 else math.nan
    train_final = (growth + total_delay) / train_n if train_n > 0.05 else math.nan
    train_cancelled = lost / (train_n + lost + 1.0)
    weight, growth, _, growth_3, growth_1, total_delay, lost = past(tables.train_past, place.train, day, FAST)
    train_fast, train_3_fast = (
        _held(growth, weight, train_45, _FAST_PRIOR),
        _held(growth_3, weight, train_3, _FAST_PRIOR),
    )
    train_delay_fast = total_delay / weight if weight > 0.05 else math.nan
    train_final_fast = (growth + total_delay) / weight if weight > 0.05 else math.nan
    train_cancelled_fast = lost / (weight + lost + 0.5)
    row = 2 * place.train + (1 if delay >= LATE else 0)
    weight, _, growth_10, growth_3, growth_1, _, _ = past(tables.train_late_past, row, day, SLOW)

    return Usual(
        class_growth,
        class_growth_fast,
        class_delay_fast,
        class_cancelled_fast,
        bucket_45,
        bucket_3,
        bucket_fast,
        relation_45,
        relation_3,
        relation_n,
        service_45,
        service_10,
        service_3,
        service_fast,
        service_3_fast,
        service_n,
        service_delay,
        service_cancelled,
        service_bucket_45,
        service_bucket_10,
        service_bucket_3,
        service_bucket_1,
        service_bucket_fast,
        service_bucket_3_fast,
        service_bucket_n,
        train_45,
        train_10,
        train_3,
        train_1,
        train_fast,
        train_3_fast,
        train_n,
        _held(growth_10, weight, service_bucket_10, _TRAIN_PRIOR),
        _held(growth_3, weight, service_bucket_3, _TRAIN_PRIOR),
        _held(growth_1, weight, service_bucket_1, _TRAIN_PRIOR),
        delay - train_delay,
        delay - train_delay_fast,
        train_final - delay,
        train_final_fast - delay,
        train_cancelled,
        train_cancelled_fast,
    )


@compiled
def _ahead(tables: Tables, minute: float, day: int, hops: Keys, stations: Keys) -> Ahead:
    left = len(hops)
    hour = half_day = near = usual = usual_fast = usual_late = unusual = news = fastest = 0.0
    delays = delays_usual = station_growth = worst_delay = cancelled = calls = 0.0
    worst = -99.0
    for index in range(left):
        hop, station = hops[index], stations[index]
        weight, total, _ = recent(tables.hop_hour, hop, minute, HOUR)
        growth = total / (weight + _HOP_PRIOR)
        hour += growth
        news += weight
        worst = max(worst, growth)
        if index < 3:
            near += growth
        known = past(tables.hop_past, hop, day, SLOW)
        expected = known[1] / (known[0] + _USUAL_PRIOR)
        usual += expected
        unusual += (total - expected * weight) / (weight + _HOP_PRIOR)
        weight, total, _ = recent(tables.hop_half_day, hop, minute, HALF_DAY)
        half_day += total / (weight + _HOP_PRIOR)
        known = past(tables.hop_past, hop, day, FAST)
        usual_fast += known[1] / (known[0] + _USUAL_PRIOR)
        known = past(tables.hop_late_past, hop, day, SLOW)
        usual_late += known[1] / (known[0] + _USUAL_PRIOR)
        weight, total, growths = recent(tables.station_hour, station, minute, HOUR)
        mean = total / (weight + _STATION_PRIOR)
        delays += mean
        worst_delay = max(worst_delay, mean)
        station_growth += growths / (weight + _STATION_PRIOR)
        known = past(tables.station_past, station, day, SLOW)
        delays_usual += known[1] / (known[0] + _USUAL_PRIOR)
        weight, total, _ = recent(tables.station_cancelled, station, minute, HALF_DAY)
        cancelled += total
        calls += weight
        fastest += tables.hop_minutes[hop, 0]
    return Ahead(
        hour,
        half_day,
        near,
        worst,
        usual,
        usual_fast,
        usual_late,
        unusual,
        news / left,
        delays / left,
        worst_delay,
        (delays - delays_usual) / left,
        station_growth,
        cancelled / (calls + 0.5),
        fastest,
    )


@compiled
def _delay_at(tables: Tables, station: int, minute: float, day: int) -> tuple[float, float]:
    """Mean delay at a station this hour, and by how much that is more than usual."""
    weight, total, _ = recent(tables.station_hour, station, minute, HOUR)
    mean = total / (weight + _STATION_PRIOR)
    known = past(tables.station_past, station, day, SLOW)
    return mean, mean - known[1] / (known[0] + _USUAL_PRIOR)


@compiled
def _lately(
    tables: Tables,
    place: Place,
    minute: float,
    day: int,
    delay: float,
    next_hop: int,
    destination: int,
    priors: tuple[float, float],
    slack: float,
) -> Lately:
    leader = tables.hop_last[next_hop]
    leader_age = min(minute - leader[0], STALE)
    there, there_unusual = _delay_at(tables, destination, minute, day)
    here, here_unusual = _delay_at(tables, place.station, minute, day)
    weight, total, _ = recent(tables.hop_hour, next_hop, minute, HOUR)
    next_growth = total / (weight + _HOP_PRIOR)
    relation_n, relation_total, relation_3 = recent(tables.relation_half_day, place.relation, minute, HALF_DAY)
    last = tables.relation_last[place.relation]
    last_age = min(minute - last[0], STALE)
    service_n, service_total, service_3 = recent(tables.service_half_day, place.service, minute, HALF_DAY)
    arrivals, arrived_growth, arrived_delay = recent(tables.class_half_day, place.klass, minute, HALF_DAY)
    passings, passing_delay, passing_growth = recent(tables.class_hour, place.klass, minute, HOUR)
    runs, lost, _ = recent(tables.class_cancelled, place.klass, minute, HALF_DAY)
    return Lately(
        leader_age,
        leader[1] - delay if leader_age < STALE else math.nan,
        there,
        there_unusual,
        here,
        here_unusual,
        next_growth,
        _held(relation_total, relation_n, priors[0], 1.0),
        relation_3 / (relation_n + 1.0),
        relation_n,
        last[1] if last_age < STALE else math.nan,
        last_age,
        _held(service_total, service_n, priors[1], 1.0),
        service_3 / (service_n + 1.0),
        service_n,
        arrived_growth / (arrivals + 1.0),
        arrived_delay / (arrivals + 1.0),
        passing_delay / (passings + 1.0),
        passing_growth / (passings + 1.0),
        lost / (runs + 1.0),
        slack,
    )


@compiled
def describe(
    tables: Tables,
    place: Place,
    minute: float,
    day: int,
    wall: int,
    category: float,
    holiday: float,
    delay: float,
    horizon: float,
    hops: Keys,
    stations: Keys,
    before: Minutes,
    out: Minutes,
) -> None:
    """Write the features of one departure to ``out``, in the order of ``FEATURES``: what was known before ``minute``.

    ``minute`` counts from 1970 UTC, ``day`` is its service day, ``wall`` the planned departure on Berlin's clocks, in
    minutes since 1970; ``hops`` and ``stations`` lead to the destination, which is last; ``before`` are the run's
    earlier delays, oldest first. An unknown horizon is taken from the shortest times seen on the hops.
    """
    left = len(hops)
    ahead = _ahead(tables, minute, day, hops, stations)
    known_horizon = ahead.ahead_fastest if math.isnan(horizon) else horizon
    usual = _usual(tables, place, day, delay, known_horizon)
    slack = horizon - ahead.ahead_fastest
    priors = (usual.relation_growth, usual.service_growth)
    lately = _lately(tables, place, minute, day, delay, hops[0], stations[left - 1], priors, slack)
    own = _own(place.klass, wall, category, holiday, delay, known_horizon, left, before)
    at = 0
    for value in own:
        out[at] = value
        at += 1
    for value in usual:
        out[at] = value
        at += 1
    for value in ahead:
        out[at] = value
        at += 1
    for value in lately:
        out[at] = value
        at += 1
