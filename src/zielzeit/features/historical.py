"""Features of finished days: what is usual.

A mean that rests on few trains is shrunk towards the mean of the level above it: train → service → relation → class at
this delay and horizon. ``…_10``, ``…_3`` and ``…_1`` are means of growth clipped at so many minutes (close to a
median), ``…_fast`` are means of the last days rather than weeks.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from zielzeit.compiled import compiled
from zielzeit.features.network_tables import (
    DepartureKeys,
    Tables,
    class_bucket,
    service_bucket,
    train_late_row,
)
from zielzeit.features.quantities import Delay, Growth, Growth1, Growth3, Growth10, Minutes, Share, Trains
from zielzeit.features.statistics import FAST, SLOW, PastSums, past_sums, shrunk

_CLASS_PRIOR, _RELATION_PRIOR, _SERVICE_PRIOR, _TRAIN_PRIOR = 1.0, 8.0, 4.0, 1.5
"""Number of trains of the level above mixed into the means of each level."""
_FAST_PRIOR, _TRAIN_FAST_PRIOR = 2.0, 0.7
"""Number of trains of the slow mean mixed into the fast mean of a service, and of a train."""
_LEAST_WEIGHT = 0.05
"""Number of trains below which a mean that is not shrunk is unknown."""


class Historical(NamedTuple):
    """Finished days."""

    class_growth: Growth
    """Mean growth to the destination of the class, finished days."""
    class_growth_fast: Growth
    """Mean growth to the destination of the class, last days."""
    class_delay_fast: Delay
    """Mean delay at departure of the class, last days."""
    class_cancelled_fast: Share
    """Share of the class that did not reach its destination, last days."""
    bucket_growth: Growth
    """Mean growth of the class's departures at this delay and horizon, finished days."""
    bucket_growth_3: Growth3
    """Mean growth, clipped at 3 minutes, of the class's departures at this delay and horizon, finished days."""
    bucket_growth_fast: Growth
    """Mean growth of the class's departures at this delay and horizon, last days."""
    relation_growth: Growth
    """Mean growth on the relation, finished days."""
    relation_growth_3: Growth3
    """Mean growth, clipped at 3 minutes, on the relation, finished days."""
    relation_weight: Trains
    """Number of departures that the relation's means rest on."""
    service_growth: Growth
    """Mean growth of the service, finished days."""
    service_growth_10: Growth10
    """Mean growth, clipped at 10 minutes, of the service, finished days."""
    service_growth_3: Growth3
    """Mean growth, clipped at 3 minutes, of the service, finished days."""
    service_growth_fast: Growth
    """Mean growth of the service, last days."""
    service_growth_3_fast: Growth3
    """Mean growth, clipped at 3 minutes, of the service, last days."""
    service_weight: Trains
    """Number of departures that the service's means rest on."""
    service_delay: Minutes
    """Delay now minus the service's mean delay at this departure, finished days; null for a new service."""
    service_cancelled: Share
    """Share of the service's runs that did not reach the destination, finished days."""
    service_bucket_growth: Growth
    """Mean growth of the service's trains that were about as late, finished days."""
    service_bucket_growth_10: Growth10
    """Mean growth, clipped at 10 minutes, of the service's trains that were about as late, finished days."""
    service_bucket_growth_3: Growth3
    """Mean growth, clipped at 3 minutes, of the service's trains that were about as late, finished days."""
    service_bucket_growth_1: Growth1
    """Mean growth, clipped at 1 minute, of the service's trains that were about as late, finished days."""
    service_bucket_growth_fast: Growth
    """Mean growth of the service's trains that were about as late, last days."""
    service_bucket_growth_3_fast: Growth3
    """Mean growth, clipped at 3 minutes, of the service's trains that were about as late, last days."""
    service_bucket_weight: Trains
    """Number of departures that the means of the service's trains that were about as late rest on."""
    train_growth: Growth
    """Mean growth of this train number from here, finished days."""
    train_growth_10: Growth10
    """Mean growth, clipped at 10 minutes, of this train number from here, finished days."""
    train_growth_3: Growth3
    """Mean growth, clipped at 3 minutes, of this train number from here, finished days."""
    train_growth_1: Growth1
    """Mean growth, clipped at 1 minute, of this train number from here, finished days."""
    train_growth_fast: Growth
    """Mean growth of this train number from here, last days."""
    train_growth_3_fast: Growth3
    """Mean growth, clipped at 3 minutes, of this train number from here, last days."""
    train_weight: Trains
    """Number of departures that the train number's means rest on."""
    train_late_growth_10: Growth10
    """Mean growth, clipped at 10 minutes, of this train number on the finished days on which it was late here (5
    minutes or more), or on those on which it was not, as now."""
    train_late_growth_3: Growth3
    """Mean growth, clipped at 3 minutes, of this train number on the finished days on which it was late here, or not,
    as now."""
    train_late_growth_1: Growth1
    """Mean growth, clipped at 1 minute, of this train number on the finished days on which it was late here, or not,
    as now."""
    train_more_than_usual: Minutes
    """Delay now minus this train number's mean delay here, finished days; null for a new train."""
    train_more_than_usual_fast: Minutes
    """Delay now minus this train number's mean delay here, last days; null for a new train."""
    train_final_minus_now: Minutes
    """This train number's mean delay at the destination minus the delay now, finished days; null for a new train."""
    train_final_minus_now_fast: Minutes
    """This train number's mean delay at the destination minus the delay now, last days; null for a new train."""
    train_cancelled: Share
    """Share of this train number's runs that did not reach the destination, finished days."""
    train_cancelled_fast: Share
    """Share of this train number's runs that did not reach the destination, last days."""


class _Means(NamedTuple):
    """Shrunken means of growth, clipped at 45, 10, 3 and 1 minutes."""

    growth: float
    growth_10: float
    growth_3: float
    growth_1: float


@compiled
def _shrunken(past: PastSums, above: _Means, strength: float) -> _Means:
    return _Means(
        growth=shrunk(past.growth, past.weight, above.growth, strength),
        growth_10=shrunk(past.growth_10, past.weight, above.growth_10, strength),
        growth_3=shrunk(past.growth_3, past.weight, above.growth_3, strength),
        growth_1=shrunk(past.growth_1, past.weight, above.growth_1, strength),
    )


@compiled
def _mean(total: float, weight: float) -> float:
    """Return the mean as it is, NaN where it rests on hardly any train."""
    return total / weight if weight > _LEAST_WEIGHT else math.nan


@compiled
def _share_cancelled(past: PastSums, prior: float) -> float:
    return past.cancelled / (past.weight + past.cancelled + prior)


@compiled
def historical(tables: Tables, keys: DepartureKeys, day: int, delay: float, horizon: float) -> Historical:
    """Return the group's features on a service day."""
    class_slow = past_sums(tables.class_past, keys.train_class, day, SLOW)
    class_fast = past_sums(tables.class_past, keys.train_class, day, FAST)

    row = class_bucket(keys.train_class, delay, horizon)
    nothing = _Means(growth=0.0, growth_10=0.0, growth_3=0.0, growth_1=0.0)
    bucket = _shrunken(past_sums(tables.class_bucket_past, row, day, SLOW), nothing, _CLASS_PRIOR)
    bucket_fast = past_sums(tables.class_bucket_past, row, day, FAST)

    relation_past = past_sums(tables.relation_past, keys.relation, day, SLOW)
    relation = _shrunken(relation_past, bucket, _RELATION_PRIOR)

    service_past = past_sums(tables.service_past, keys.service, day, SLOW)
    service = _shrunken(service_past, relation, _SERVICE_PRIOR)
    service_fast = _shrunken(past_sums(tables.service_past, keys.service, day, FAST), service, _FAST_PRIOR)

    row = service_bucket(keys.service, delay)
    as_late_past = past_sums(tables.service_bucket_past, row, day, SLOW)
    as_late = _shrunken(as_late_past, service, _SERVICE_PRIOR)
    as_late_fast = _shrunken(past_sums(tables.service_bucket_past, row, day, FAST), as_late, _FAST_PRIOR)

    train_past = past_sums(tables.train_past, keys.train, day, SLOW)
    train = _shrunken(train_past, service, _TRAIN_PRIOR)
    train_past_fast = past_sums(tables.train_past, keys.train, day, FAST)
    train_fast = _shrunken(train_past_fast, train, _TRAIN_FAST_PRIOR)
    train_late_past = past_sums(tables.train_late_past, train_late_row(keys.train, delay), day, SLOW)
    train_late = _shrunken(train_late_past, as_late, _TRAIN_PRIOR)

    return Historical(
        class_growth=shrunk(class_slow.growth, class_slow.weight, 0.0, _CLASS_PRIOR),
        class_growth_fast=shrunk(class_fast.growth, class_fast.weight, 0.0, _CLASS_PRIOR),
        class_delay_fast=shrunk(class_fast.delay, class_fast.weight, 0.0, _CLASS_PRIOR),
        class_cancelled_fast=_share_cancelled(class_fast, 1.0),
        bucket_growth=bucket.growth,
        bucket_growth_3=bucket.growth_3,
        bucket_growth_fast=shrunk(bucket_fast.growth, bucket_fast.weight, bucket.growth, _CLASS_PRIOR),
        relation_growth=relation.growth,
        relation_growth_3=relation.growth_3,
        relation_weight=relation_past.weight,
        service_growth=service.growth,
        service_growth_10=service.growth_10,
        service_growth_3=service.growth_3,
        service_growth_fast=service_fast.growth,
        service_growth_3_fast=service_fast.growth_3,
        service_weight=service_past.weight,
        service_delay=delay - _mean(service_past.delay, service_past.weight),
        service_cancelled=_share_cancelled(service_past, 1.0),
        service_bucket_growth=as_late.growth,
        service_bucket_growth_10=as_late.growth_10,
        service_bucket_growth_3=as_late.growth_3,
        service_bucket_growth_1=as_late.growth_1,
        service_bucket_growth_fast=as_late_fast.growth,
        service_bucket_growth_3_fast=as_late_fast.growth_3,
        service_bucket_weight=as_late_past.weight,
        train_growth=train.growth,
        train_growth_10=train.growth_10,
        train_growth_3=train.growth_3,
        train_growth_1=train.growth_1,
        train_growth_fast=train_fast.growth,
        train_growth_3_fast=train_fast.growth_3,
        train_weight=train_past.weight,
        train_late_growth_10=train_late.growth_10,
        train_late_growth_3=train_late.growth_3,
        train_late_growth_1=train_late.growth_1,
        train_more_than_usual=delay - _mean(train_past.delay, train_past.weight),
        train_more_than_usual_fast=delay - _mean(train_past_fast.delay, train_past_fast.weight),
        train_final_minus_now=_mean(train_past.growth + train_past.delay, train_past.weight) - delay,
        train_final_minus_now_fast=_mean(train_past_fast.growth + train_past_fast.delay, train_past_fast.weight)
        - delay,
        train_cancelled=_share_cancelled(train_past, 1.0),
        train_cancelled_fast=_share_cancelled(train_past_fast, 0.5),
    )
