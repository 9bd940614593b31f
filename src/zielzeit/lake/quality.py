"""Faults of the newest days of the lake: tables that are stale, days that are missing, holes between boards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from zielzeit import topics
from zielzeit.lake.listing import TableSummary

_MAY_BE_EMPTY: Final = (topics.EARLY_OUTCOMES,)
"""Tables without which a lake is whole: nothing is told early (``early_minutes`` 0), or an older version stored it."""


def faults(
    tables: Sequence[TableSummary], today: date, *, days: int, stale_days: int, hole_minutes: float
) -> list[str]:
    """Faults of the tables on the last ``days`` days before ``today``, one clause each.

    A table is stale if its newest day is more than ``stale_days`` days old. A hole is a time without a board of any
    station, of more than ``hole_minutes`` minutes.
    """
    first, found = today - timedelta(days=days), []
    for table in tables:
        if not table.days:
            if table.name not in _MAY_BE_EMPTY:
                found.append(f"{table.name}: the table is empty")
            continue
        newest = table.days[-1].day
        if (today - newest).days > stale_days:
            found.append(f"{table.name}: stale, the newest day is {newest}, more than {stale_days} days before {today}")
        if missing := [day for day in table.missing_days if day >= first]:
            found.append(f"{table.name}: {len(missing)} days missing, the first {missing[0]}")
        found += [
            f"{table.name}: {one.longest_hole_minutes:.0f} minutes without a board on {one.day}"
            for one in table.days
            if one.day >= first and (one.longest_hole_minutes or 0.0) > hole_minutes
        ]
    return found
