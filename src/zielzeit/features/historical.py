"""What is usual: finished days.

Where a key has seen little, its mean is held to the level above it: train → service → relation → class at this delay
and horizon. ``…_10``, ``…_3`` and ``…_1`` are means of growth clipped at so many minutes (close to a median),
``…_fast`` are means of the last days rather than weeks.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from zielzeit.compiled import compiled
from zielzeit.features.network_tables import DELAY_BUCKETS, LATE, Place, Tables, class_bucket, delay_bucket
from zielzeit.features.statistics import FAST, SLOW, held, past

_RELATION_PRIOR, _SERVICE_PRIOR, _TRAIN_PRIOR, _FAST_PRIOR = 8.0, 4.0, 1.5, 0.7
"""Trains' worth of the level above mixed into the means of each level."""


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


@compiled
def usual(tables: Tables, place: Place, day: int, delay: float, horizon: float) -> Usual:
    """The group's numbers on a service day."""
    weight, growth, _, _, _, _, _ = past(tables.class_past, place.klass, day, SLOW)
    class_growth = held(growth, weight, 0.0, 1.0)
    weight, growth, _, _, _, total_delay, lost = past(tables.class_past, place.klass, day, FAST)
    class_growth_fast, class_delay_fast = held(growth, weight, 0.0, 1.0), held(total_delay, weight, 0.0, 1.0)
    class_cancelled_fast = lost / (weight + lost + 1.0)

    bucket = class_bucket(place.klass, delay, horizon)
    weight, growth, growth_10, growth_3, growth_1, _, _ = past(tables.class_bucket_past, bucket, day, SLOW)
    bucket_45, bucket_10 = growth / (weight + 1.0), growth_10 / (weight + 1.0)
    bucket_3, bucket_1 = growth_3 / (weight + 1.0), growth_1 / (weight + 1.0)
    weight, growth, _, _, _, _, _ = past(tables.class_bucket_past, bucket, day, FAST)
    bucket_fast = held(growth, weight, bucket_45, 1.0)

    relation_n, growth, growth_10, growth_3, growth_1, _, _ = past(tables.relation_past, place.relation, day, SLOW)
    relation_45 = held(growth, relation_n, bucket_45, _RELATION_PRIOR)
    relation_10 = held(growth_10, relation_n, bucket_10, _RELATION_PRIOR)
    relation_3 = held(growth_3, relation_n, bucket_3, _RELATION_PRIOR)
    relation_1 = held(growth_1, relation_n, bucket_1, _RELATION_PRIOR)

    service_n, growth, growth_10, growth_3, growth_1, total_delay, lost = past(
        tables.service_past, place.service, day, SLOW
    )
    service_45 = held(growth, service_n, relation_45, _SERVICE_PRIOR)
    service_10 = held(growth_10, service_n, relation_10, _SERVICE_PRIOR)
    service_3 = held(growth_3, service_n, relation_3, _SERVICE_PRIOR)
    service_1 = held(growth_1, service_n, relation_1, _SERVICE_PRIOR)
    service_delay = delay - total_delay / service_n if service_n > 0.05 else math.nan
    service_cancelled = lost / (service_n + lost + 1.0)
    weight, growth, _, growth_3, growth_1, _, _ = past(tables.service_past, place.service, day, FAST)
    service_fast, service_3_fast = held(growth, weight, service_45, 2.0), held(growth_3, weight, service_3, 2.0)

    row = place.service * DELAY_BUCKETS + delay_bucket(delay)
    service_bucket_n, growth, growth_10, growth_3, growth_1, _, _ = past(tables.service_bucket_past, row, day, SLOW)
    service_bucket_45 = held(growth, service_bucket_n, service_45, _SERVICE_PRIOR)
    service_bucket_10 = held(growth_10, service_bucket_n, service_10, _SERVICE_PRIOR)
    service_bucket_3 = held(growth_3, service_bucket_n, service_3, _SERVICE_PRIOR)
    service_bucket_1 = held(growth_1, service_bucket_n, service_1, _SERVICE_PRIOR)
    weight, growth, _, growth_3, growth_1, _, _ = past(tables.service_bucket_past, row, day, FAST)
    service_bucket_fast = held(growth, weight, service_bucket_45, 2.0)
    service_bucket_3_fast = held(growth_3, weight, service_bucket_3, 2.0)

    train_n, growth, growth_10, growth_3, growth_1, total_delay, lost = past(tables.train_past, place.train, day, SLOW)
    train_45 = held(growth, train_n, service_45, _TRAIN_PRIOR)
    train_10 = held(growth_10, train_n, service_10, _TRAIN_PRIOR)
    train_3 = held(growth_3, train_n, service_3, _TRAIN_PRIOR)
    train_1 = held(growth_1, train_n, service_1, _TRAIN_PRIOR)
    train_delay = total_delay / train_n if train_n > 0.05 else math.nan
    train_final = (growth + total_delay) / train_n if train_n > 0.05 else math.nan
    train_cancelled = lost / (train_n + lost + 1.0)
    weight, growth, _, growth_3, growth_1, total_delay, lost = past(tables.train_past, place.train, day, FAST)
    train_fast, train_3_fast = (
        held(growth, weight, train_45, _FAST_PRIOR),
        held(growth_3, weight, train_3, _FAST_PRIOR),
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
        held(growth_10, weight, service_bucket_10, _TRAIN_PRIOR),
        held(growth_3, weight, service_bucket_3, _TRAIN_PRIOR),
        held(growth_1, weight, service_bucket_1, _TRAIN_PRIOR),
        delay - train_delay,
        delay - train_delay_fast,
        train_final - delay,
        train_final_fast - delay,
        train_cancelled,
        train_cancelled_fast,
    )
