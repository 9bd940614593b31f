"""Features of the last trains: ahead on the next hop, here, at the destination, on the same relation, of the class."""

from __future__ import annotations

import math
from typing import NamedTuple

from zielzeit.compiled import compiled
from zielzeit.features.network_tables import HALF_DAY, HOUR, DepartureKeys, Tables
from zielzeit.features.quantities import (
    STALE,
    Age,
    Delay,
    DelayDifference,
    Growth,
    Growth3,
    HopGrowth,
    Minutes,
    Share,
    Trains,
)
from zielzeit.features.statistics import (
    HOP_PRIOR,
    SLOW,
    STATION_PRIOR,
    USUAL_PRIOR,
    past_sums,
    recent_sums,
    shrunk,
)

_PRIOR = 1.0
"""Number of trains of the level above (or without growth and delay) mixed into the means of arrivals."""


class Recent(NamedTuple):
    """The last trains."""

    leader_age: Age
    """Time since a train was last known to have run over the next hop; 600 at most."""
    leader_delay: Minutes
    """Delay at which that train set out on the next hop minus the delay now; null after 600 minutes."""
    destination_delay: Delay
    """Mean delay at the destination, last hour."""
    destination_delay_unusual: DelayDifference
    """Mean delay at the destination in the last hour beyond that of finished days."""
    here_delay: Delay
    """Mean delay at this station, last hour."""
    here_delay_unusual: DelayDifference
    """Mean delay at this station in the last hour beyond that of finished days."""
    next_growth_hour: HopGrowth
    """Mean growth on the next hop, last hour."""
    relation_growth_recent: Growth
    """Mean growth on the relation, last half day."""
    relation_growth_3_recent: Growth3
    """Mean growth, clipped at 3 minutes, on the relation, last half day."""
    relation_arrivals: Trains
    """Number of departures that the relation's means of the last half day rest on."""
    relation_last_growth: Growth
    """Growth of the last train that arrived on the relation; null after 600 minutes."""
    relation_last_age: Age
    """Time since the arrival of the last train on the relation was known; 600 at most."""
    service_growth_recent: Growth
    """Mean growth of the service, last half day."""
    service_growth_3_recent: Growth3
    """Mean growth, clipped at 3 minutes, of the service, last half day."""
    service_arrivals: Trains
    """Number of departures that the service's means of the last half day rest on."""
    class_arrival_growth: Growth
    """Mean growth to the destination of the class's trains that arrived in the last half day."""
    class_arrival_delay: Delay
    """Mean delay at departure of the class's trains that arrived in the last half day."""
    class_passing_delay: Delay
    """Mean delay of the class's departures and arrivals, last hour."""
    class_passing_growth: HopGrowth
    """Mean growth since the stop before of the class's departures and arrivals, last hour."""
    class_cancelled_recent: Share
    """Share of the class's runs that did not reach their destination, last half day."""
    slack: Minutes
    """``horizon`` minus ``ahead_fastest``; null where no board told the horizon."""


@compiled
def _delay_at(tables: Tables, station: int, minute: float, day: int) -> tuple[float, float]:
    """Return the mean delay at a station in the last hour, and by how much it exceeds that of finished days."""
    hour = recent_sums(tables.station_hour, station, minute, HOUR)
    mean = shrunk(hour.first, hour.weight, 0.0, STATION_PRIOR)
    past = past_sums(tables.station_past, station, day, SLOW)
    return mean, mean - shrunk(past.delay, past.weight, 0.0, USUAL_PRIOR)


@compiled
def recent(
    tables: Tables,
    keys: DepartureKeys,
    minute: float,
    day: int,
    delay: float,
    next_hop: int,
    destination: int,
    relation_growth: float,
    service_growth: float,
    slack: float,
) -> Recent:
    """Return the group's features; the two growths are those of finished days, which the recent means shrink to."""
    leader = tables.hop_last[next_hop]
    leader_age = min(minute - leader[0], STALE)
    there, there_unusual = _delay_at(tables, destination, minute, day)
    here, here_unusual = _delay_at(tables, keys.station, minute, day)
    hop = recent_sums(tables.hop_hour, next_hop, minute, HOUR)
    relation = recent_sums(tables.relation_half_day, keys.relation, minute, HALF_DAY)
    last = tables.relation_last[keys.relation]
    last_age = min(minute - last[0], STALE)
    service = recent_sums(tables.service_half_day, keys.service, minute, HALF_DAY)
    arrivals = recent_sums(tables.class_half_day, keys.train_class, minute, HALF_DAY)
    passings = recent_sums(tables.class_hour, keys.train_class, minute, HOUR)
    runs = recent_sums(tables.class_cancelled, keys.train_class, minute, HALF_DAY)
    # Numba builds a large tuple by name only from values without a condition.
    leader_delay = leader[1] - delay if leader_age < STALE else math.nan
    last_growth = last[1] if last_age < STALE else math.nan
    return Recent(
        leader_age=leader_age,
        leader_delay=leader_delay,
        destination_delay=there,
        destination_delay_unusual=there_unusual,
        here_delay=here,
        here_delay_unusual=here_unusual,
        next_growth_hour=shrunk(hop.first, hop.weight, 0.0, HOP_PRIOR),
        relation_growth_recent=shrunk(relation.first, relation.weight, relation_growth, _PRIOR),
        relation_growth_3_recent=shrunk(relation.second, relation.weight, 0.0, _PRIOR),
        relation_arrivals=relation.weight,
        relation_last_growth=last_growth,
        relation_last_age=last_age,
        service_growth_recent=shrunk(service.first, service.weight, service_growth, _PRIOR),
        service_growth_3_recent=shrunk(service.second, service.weight, 0.0, _PRIOR),
        service_arrivals=service.weight,
        class_arrival_growth=shrunk(arrivals.first, arrivals.weight, 0.0, _PRIOR),
        class_arrival_delay=shrunk(arrivals.second, arrivals.weight, 0.0, _PRIOR),
        class_passing_delay=shrunk(passings.first, passings.weight, 0.0, _PRIOR),
        class_passing_growth=shrunk(passings.second, passings.weight, 0.0, _PRIOR),
        class_cancelled_recent=shrunk(runs.first, runs.weight, 0.0, _PRIOR),
        slack=slack,
    )
