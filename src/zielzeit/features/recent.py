"""The last trains: in front, here, there, on the same way, of the same class."""

from __future__ import annotations

import math
from typing import NamedTuple

from zielzeit.compiled import compiled
from zielzeit.features.network_tables import HALF_DAY, HOUR, STALE, Place, Tables
from zielzeit.features.statistics import HOP_PRIOR, SLOW, STATION_PRIOR, USUAL_PRIOR, held, past, recent


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


@compiled
def _delay_at(tables: Tables, station: int, minute: float, day: int) -> tuple[float, float]:
    """Mean delay at a station this hour, and by how much that is more than usual."""
    weight, total, _ = recent(tables.station_hour, station, minute, HOUR)
    mean = total / (weight + STATION_PRIOR)
    known = past(tables.station_past, station, day, SLOW)
    return mean, mean - known[1] / (known[0] + USUAL_PRIOR)


@compiled
def lately(
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
    """The group's numbers; ``priors`` are the growth usual on the relation and the service."""
    leader = tables.hop_last[next_hop]
    leader_age = min(minute - leader[0], STALE)
    there, there_unusual = _delay_at(tables, destination, minute, day)
    here, here_unusual = _delay_at(tables, place.station, minute, day)
    weight, total, _ = recent(tables.hop_hour, next_hop, minute, HOUR)
    next_growth = total / (weight + HOP_PRIOR)
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
        held(relation_total, relation_n, priors[0], 1.0),
        relation_3 / (relation_n + 1.0),
        relation_n,
        last[1] if last_age < STALE else math.nan,
        last_age,
        held(service_total, service_n, priors[1], 1.0),
        service_3 / (service_n + 1.0),
        service_n,
        arrived_growth / (arrivals + 1.0),
        arrived_delay / (arrivals + 1.0),
        passing_delay / (passings + 1.0),
        passing_growth / (passings + 1.0),
        lost / (runs + 1.0),
        slack,
    )
