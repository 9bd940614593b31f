"""Which updates of the network's tables follow an event: one definition for the stream and the archive.

Both describe a minute's departures before they observe any of that minute's events: what a decision knows then depends
neither on the order in which one minute's events arrive nor on the departure itself.

``minute`` is the minute since 1970 UTC in which an event is known, ``day`` its service day.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from zielzeit.compiled import compiled
from zielzeit.features.network_tables import (
    HALF_DAY,
    HOUR,
    LATE,
    FloatArray,
    KeyArray,
    Tables,
    class_bucket,
    service_bucket,
    train_late_row,
)
from zielzeit.features.quantities import MOST_DELAY, MOST_GROWTH, MOST_HOP_GROWTH
from zielzeit.features.statistics import PastSums, add_past, add_recent, is_forgotten


class Ride(NamedTuple):
    """A train's way over the hop to the station at hand."""

    hop: int
    """Key of the hop; 0 where the run's stop before this one is not known."""
    delay_before: float
    """Delay at which the train set out on the hop, minutes."""
    planned_minutes: float
    """Planned minutes from departure to departure (at the destination: to arrival); NaN where unknown."""


NO_RIDE: Final = Ride(hop=0, delay_before=math.nan, planned_minutes=math.nan)


class EndedDepartures(NamedTuple):
    """Departures of a run that has ended, as parallel arrays."""

    trains: KeyArray
    """Keys of the trains; 0 of trains without a number, which are told from no other."""
    services: KeyArray
    relations: KeyArray
    delays: FloatArray
    """Delay at each departure, minutes."""
    horizons: FloatArray
    """Planned minutes to the destination; NaN where unknown."""


@compiled
def observe_passing(
    tables: Tables, train_class: int, station: int, minute: float, day: int, delay: float, ride: Ride
) -> None:
    """Update the tables after a train left a station, or ended there."""
    growth = 0.0
    if ride.hop > 0:
        growth = _clip(delay - ride.delay_before, MOST_HOP_GROWTH)
        _add_ride(tables, minute, day, growth, ride)
    clipped = _clip(delay, MOST_DELAY)
    add_recent(tables.station_hour, station, minute, clipped, growth, HOUR)
    add_recent(tables.station_cancelled, station, minute, 0.0, 0.0, HALF_DAY)
    train = PastSums(weight=1.0, growth=0.0, growth_10=0.0, growth_3=0.0, growth_1=0.0, delay=clipped, cancelled=0.0)
    add_past(tables.station_past, station, day, train)
    add_recent(tables.class_hour, train_class, minute, clipped, growth, HOUR)


@compiled
def observe_cancelled_stop(tables: Tables, station: int, minute: float) -> None:
    """Update the tables after a train did not call at a station where it should have."""
    add_recent(tables.station_cancelled, station, minute, 1.0, 0.0, HALF_DAY)


@compiled
def observe_arrival(
    tables: Tables,
    train_class: int,
    destination: int,
    minute: float,
    day: int,
    delay: float,
    ride: Ride,
    departures: EndedDepartures,
) -> None:
    """Update the tables after a run ended; ``delay`` is NaN where it did not reach its destination."""
    if len(departures.delays):  # a run that was cancelled altogether is no news of runs under way
        add_recent(tables.class_cancelled, train_class, minute, 1.0 if math.isnan(delay) else 0.0, 0.0, HALF_DAY)
    if not math.isnan(delay):
        observe_passing(tables, train_class, destination, minute, day, delay, ride)
    for index in range(len(departures.delays)):
        _add_outcome(
            tables,
            train_class,
            departures.trains[index],
            departures.services[index],
            departures.relations[index],
            minute,
            day,
            departures.delays[index],
            delay,
            departures.horizons[index],
        )


@compiled
def _clip(value: float, bound: float) -> float:
    return float(min(max(value, -bound), bound))


@compiled
def _only_growth(growth: float) -> PastSums:
    return PastSums(weight=1.0, growth=growth, growth_10=0.0, growth_3=0.0, growth_1=0.0, delay=0.0, cancelled=0.0)


@compiled
def _add_ride(tables: Tables, minute: float, day: int, growth: float, ride: Ride) -> None:
    shortest = tables.hop_minutes[ride.hop]
    if is_forgotten(tables.hop_past[ride.hop, 0], day):
        shortest[0] = math.nan
    if not math.isnan(ride.planned_minutes):
        shortest[0] = ride.planned_minutes if math.isnan(shortest[0]) else min(shortest[0], ride.planned_minutes)
    add_recent(tables.hop_hour, ride.hop, minute, growth, 0.0, HOUR)
    add_recent(tables.hop_half_day, ride.hop, minute, growth, 0.0, HALF_DAY)
    train = _only_growth(growth)
    add_past(tables.hop_past, ride.hop, day, train)
    if ride.delay_before >= LATE:
        add_past(tables.hop_late_past, ride.hop, day, train)
    last = tables.hop_last[ride.hop]
    last[1] = max(last[1], ride.delay_before) if last[0] == minute else ride.delay_before
    last[0] = minute


@compiled
def _add_outcome(
    tables: Tables,
    train_class: int,
    train: int,
    service: int,
    relation: int,
    minute: float,
    day: int,
    delay: float,
    final: float,
    horizon: float,
) -> None:
    """One departure of a run that ended; ``final`` is the delay there, NaN where it did not get there."""
    if math.isnan(final):
        lost = PastSums(weight=0.0, growth=0.0, growth_10=0.0, growth_3=0.0, growth_1=0.0, delay=0.0, cancelled=1.0)
        add_past(tables.class_past, train_class, day, lost)
        add_past(tables.service_past, service, day, lost)
        if train > 0:
            add_past(tables.train_past, train, day, lost)
        return
    growth = _clip(final - delay, MOST_GROWTH)
    growth_3 = _clip(growth, 3.0)
    clipped = _clip(delay, MOST_DELAY)
    came = PastSums(
        weight=1.0,
        growth=growth,
        growth_10=_clip(growth, 10.0),
        growth_3=growth_3,
        growth_1=_clip(growth, 1.0),
        delay=clipped,
        cancelled=0.0,
    )
    add_past(tables.class_past, train_class, day, came)
    add_past(tables.relation_past, relation, day, came)
    add_past(tables.service_past, service, day, came)
    if train > 0:
        add_past(tables.train_past, train, day, came)
        add_past(tables.train_late_past, train_late_row(train, delay), day, came)
    add_past(tables.service_bucket_past, service_bucket(service, delay), day, came)
    add_past(tables.class_bucket_past, class_bucket(train_class, delay, horizon), day, came)
    add_recent(tables.relation_half_day, relation, minute, growth, growth_3, HALF_DAY)
    add_recent(tables.service_half_day, service, minute, growth, growth_3, HALF_DAY)
    add_recent(tables.class_half_day, train_class, minute, growth, clipped, HALF_DAY)
    last = tables.relation_last[relation]
    last[1] = max(last[1], growth) if last[0] == minute else growth
    last[0] = minute
