"""Features of the hops and stations still to come: what happens there this hour, and what is usual."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from zielzeit.compiled import compiled
from zielzeit.features.network_tables import HALF_DAY, HOUR, KeyArray, Tables
from zielzeit.features.quantities import (
    MOST_DELAY,
    MOST_HOP_GROWTH,
    Delay,
    DelayDifference,
    HopGrowth,
    Minutes,
    Quantity,
    Share,
    Trains,
)
from zielzeit.features.statistics import (
    FAST,
    HOP_PRIOR,
    SLOW,
    STATION_PRIOR,
    USUAL_PRIOR,
    is_forgotten,
    past_sums,
    recent_sums,
    shrunk,
)

_NEAR = 3
"""Hops that ``ahead_growth_next_three`` looks at."""


class Downstream(NamedTuple):
    """The hops and stations still to come."""

    ahead_growth_hour: Minutes
    """Sum over the hops still to come of their mean growth in the last hour."""
    ahead_growth_half_day: Minutes
    """Sum over the hops still to come of their mean growth in the last half day."""
    ahead_growth_next_three: Annotated[float, Quantity("minutes", -_NEAR * MOST_HOP_GROWTH, _NEAR * MOST_HOP_GROWTH)]
    """Sum over the next three hops of their mean growth in the last hour."""
    ahead_growth_worst: HopGrowth
    """Largest mean growth in the last hour of any hop still to come."""
    ahead_growth_usual: Minutes
    """Sum over the hops still to come of their mean growth on finished days."""
    ahead_growth_usual_fast: Minutes
    """Sum over the hops still to come of their mean growth on the last days."""
    ahead_growth_usual_late: Minutes
    """Sum over the hops still to come of the mean growth on finished days of trains that set out 5 minutes late or
    more."""
    ahead_growth_unusual: Minutes
    """Sum over the hops still to come of their growth in the last hour beyond that of finished days."""
    ahead_news: Trains
    """Trains per hop still to come in the last hour: how much is known."""
    ahead_delay: Delay
    """Mean delay at the stations still to come in the last hour."""
    ahead_delay_worst: Annotated[float, Quantity("minutes", 0.0, MOST_DELAY)]
    """Largest mean delay in the last hour of any station still to come; 0 where all are early."""
    ahead_delay_unusual: DelayDifference
    """Mean delay at the stations still to come in the last hour beyond that of finished days."""
    ahead_station_growth: Minutes
    """Sum over the stations still to come of the mean growth of trains on their last hop, last hour."""
    ahead_cancelled: Share
    """Share of the stops at the stations still to come that were cancelled in the last half day."""
    ahead_fastest: Minutes
    """Sum of the shortest planned times seen on the hops still to come; null where a hop is new."""


@compiled
def downstream(tables: Tables, minute: float, day: int, hops: KeyArray, stations: KeyArray) -> Downstream:
    """Return the group's features; ``hops`` and ``stations`` are keys in order of the way to the destination."""
    left = len(hops)
    growth_hour = growth_half_day = growth_near = 0.0
    growth_usual = growth_usual_fast = growth_usual_late = growth_unusual = news = fastest = 0.0
    delays = delays_usual = station_growth = worst_delay = cancelled = calls = 0.0
    worst = -MOST_HOP_GROWTH
    for index in range(left):
        hop, station = hops[index], stations[index]
        hour = recent_sums(tables.hop_hour, hop, minute, HOUR)
        growth = shrunk(hour.first, hour.weight, 0.0, HOP_PRIOR)
        growth_hour += growth
        news += hour.weight
        worst = max(worst, growth)
        if index < _NEAR:
            growth_near += growth
        past = past_sums(tables.hop_past, hop, day, SLOW)
        usual = shrunk(past.growth, past.weight, 0.0, USUAL_PRIOR)
        growth_usual += usual
        growth_unusual += (hour.first - usual * hour.weight) / (hour.weight + HOP_PRIOR)
        half_day = recent_sums(tables.hop_half_day, hop, minute, HALF_DAY)
        growth_half_day += shrunk(half_day.first, half_day.weight, 0.0, HOP_PRIOR)
        past = past_sums(tables.hop_past, hop, day, FAST)
        growth_usual_fast += shrunk(past.growth, past.weight, 0.0, USUAL_PRIOR)
        past = past_sums(tables.hop_late_past, hop, day, SLOW)
        growth_usual_late += shrunk(past.growth, past.weight, 0.0, USUAL_PRIOR)
        here = recent_sums(tables.station_hour, station, minute, HOUR)
        delay = shrunk(here.first, here.weight, 0.0, STATION_PRIOR)
        delays += delay
        worst_delay = max(worst_delay, delay)
        station_growth += shrunk(here.second, here.weight, 0.0, STATION_PRIOR)
        past = past_sums(tables.station_past, station, day, SLOW)
        delays_usual += shrunk(past.delay, past.weight, 0.0, USUAL_PRIOR)
        stops = recent_sums(tables.station_cancelled, station, minute, HALF_DAY)
        cancelled += stops.first
        calls += stops.weight
        fastest += math.nan if is_forgotten(tables.hop_past[hop, 0], day) else tables.hop_minutes[hop, 0]
    return Downstream(
        ahead_growth_hour=growth_hour,
        ahead_growth_half_day=growth_half_day,
        ahead_growth_next_three=growth_near,
        ahead_growth_worst=worst,
        ahead_growth_usual=growth_usual,
        ahead_growth_usual_fast=growth_usual_fast,
        ahead_growth_usual_late=growth_usual_late,
        ahead_growth_unusual=growth_unusual,
        ahead_news=news / left,
        ahead_delay=delays / left,
        ahead_delay_worst=worst_delay,
        ahead_delay_unusual=(delays - delays_usual) / left,
        ahead_station_growth=station_growth,
        ahead_cancelled=cancelled / (calls + 0.5),
        ahead_fastest=fastest,
    )
