"""Service days, which begin at three in the morning, and public holidays."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

import holidays

from zielzeit import berlin_time
from zielzeit.berlin_time import ServiceDay, WallMinutes

SERVICE_DAY_STARTS = 3 * 60
"""Minutes after midnight on Berlin's clocks: the hour with the fewest trains under way."""


def service_day(wall: WallMinutes) -> ServiceDay:
    """Service day of a wall time."""
    return ServiceDay((wall - SERVICE_DAY_STARTS) // berlin_time.DAY)


def service_day_at(instant: datetime) -> ServiceDay:
    """Service day of an aware instant."""
    return service_day(berlin_time.wall_minutes(instant))


def calendar_date(day: int) -> date:
    """Date of a calendar day, or the date on which a service day begins (days since 1970-01-01)."""
    return berlin_time.wall_datetime(WallMinutes(day * berlin_time.DAY)).date()


@lru_cache(maxsize=1)
def _german_holidays() -> tuple[holidays.HolidayBase, list[holidays.HolidayBase]]:
    states = holidays.list_supported_countries()["DE"]
    return holidays.country_holidays("DE"), [holidays.country_holidays("DE", subdiv=state) for state in states]


@lru_cache(maxsize=4096)
def holiday_share(day: int) -> float:
    """Share of the 16 federal states with a public holiday on a calendar day (days since 1970-01-01), 0 to 1."""
    nationwide, states = _german_holidays()
    on_day = calendar_date(day)
    return 1.0 if on_day in nationwide else sum(on_day in state for state in states) / len(states)
