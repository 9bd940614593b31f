"""The hops and stations still to come: this hour, and usually."""

from __future__ import annotations

from typing import NamedTuple

from zielzeit.compiled import compiled
from zielzeit.features.network_tables import HALF_DAY, HOUR, Keys, Tables
from zielzeit.features.statistics import FAST, HOP_PRIOR, SLOW, STATION_PRIOR, USUAL_PRIOR, past, recent


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


@compiled
def ahead(tables: Tables, minute: float, day: int, hops: Keys, stations: Keys) -> Ahead:
    """The group's numbers; ``hops`` and ``stations`` lead to the destination."""
    left = len(hops)
    hour = half_day = near = usual = usual_fast = usual_late = unusual = news = fastest = 0.0
    delays = delays_usual = station_growth = worst_delay = cancelled = calls = 0.0
    worst = -99.0
    for index in range(left):
        hop, station = hops[index], stations[index]
        weight, total, _ = recent(tables.hop_hour, hop, minute, HOUR)
        growth = total / (weight + HOP_PRIOR)
        hour += growth
        news += weight
        worst = max(worst, growth)
        if index < 3:
            near += growth
        known = past(tables.hop_past, hop, day, SLOW)
        expected = known[1] / (known[0] + USUAL_PRIOR)
        usual += expected
        unusual += (total - expected * weight) / (weight + HOP_PRIOR)
        weight, total, _ = recent(tables.hop_half_day, hop, minute, HALF_DAY)
        half_day += total / (weight + HOP_PRIOR)
        known = past(tables.hop_past, hop, day, FAST)
        usual_fast += known[1] / (known[0] + USUAL_PRIOR)
        known = past(tables.hop_late_past, hop, day, SLOW)
        usual_late += known[1] / (known[0] + USUAL_PRIOR)
        weight, total, growths = recent(tables.station_hour, station, minute, HOUR)
        mean = total / (weight + STATION_PRIOR)
        delays += mean
        worst_delay = max(worst_delay, mean)
        station_growth += growths / (weight + STATION_PRIOR)
        known = past(tables.station_past, station, day, SLOW)
        delays_usual += known[1] / (known[0] + USUAL_PRIOR)
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
