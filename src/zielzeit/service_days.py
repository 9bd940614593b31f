"""Service days, which begin at three in the morning, and public holidays."""

from __future__ import annotations

from functools import lru_cache

import holidays

from zielzeit import berlin_time

SERVICE_DAY_STARTS = 3 * 60
"""Minutes after midnight on Berlin's clocks: the hour with the fewest trains under way."""


def service_day(wall: int) -> int:
    """Service day (days since 1970-01-01) of a wall time (minutes since 1970-01-01 on Berlin's clocks)."""
    return (wall - SERVICE_DAY_STARTS) // berlin_time.DAY


@lru_cache(maxsize=1)
def _german_holidays() -> tuple[holidays.HolidayBase, list[holidays.HolidayBase]]:
    states = holidays.list_supported_countries()["DE"]
    return holidays.country_holidays("DE"), [holidays.country_holidays("DE", subdiv=state) for state in states]


@lru_cache(maxsize=4096)
def holiday_share(day: int) -> float:
    """Share of the 16 federal states with a public holiday on a calendar day (days since 1970-01-01), 0 to 1."""
    nationwide, states = _german_holidays()
    date = berlin_time.wall_datetime(day * berlin_time.DAY).date()
    return 1.0 if date in nationwide else sum(date in state for state in states) / len(states)
