"""What is in the lake: days, rows, files, how many predictions have a label, and where something is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import duckdb
import msgspec

from zielzeit import topics
from zielzeit.lake.reading import Lake
from zielzeit.lake.table_definitions import TABLES


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day of a table."""

    day: date
    rows: int
    files: int
    bytes: int
    longest_hole_minutes: float | None = None
    """Boards: the longest time without one of any station that ended on this day."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One table."""

    name: str
    days: list[Day]
    missing_days: list[date]
    """Between the first and the last one."""
    statuses: dict[str, int] = {}
    """Outcomes: how many arrived, were cancelled, are unlabelled."""

    @property
    def rows(self) -> int:
        """In all days."""
        return sum(day.rows for day in self.days)

    @property
    def files(self) -> int:
        """In all days."""
        return sum(day.files for day in self.days)

    @property
    def bytes(self) -> int:
        """In all days."""
        return sum(day.bytes for day in self.days)

    @property
    def label_rate(self) -> float | None:
        """Share of the outcomes whose run was seen to its end, arrived or cancelled; None where there are none."""
        total = sum(self.statuses.values())
        return 1 - self.statuses.get("unlabelled", 0) / total if total else None

    @property
    def worst(self) -> Day | None:
        """The day with the longest hole; None where no holes were looked for."""
        return max(
            (day for day in self.days if day.longest_hole_minutes is not None),
            key=lambda day: day.longest_hole_minutes or 0.0,
            default=None,
        )


def summaries(lake: Lake, looking_at: Callable[[str], None] = lambda name: None) -> list[Summary]:
    """All tables, also those without a day; ``looking_at`` is told the name of each before it is read."""
    found = []
    for table in TABLES:
        looking_at(table.name)
        found.append(summary(lake, table.name))
    return found


def summary(lake: Lake, name: str) -> Summary:
    """One table, read as far as counting needs it."""
    visible = lake.visible(name)
    files, sizes = Counter(file.day for file in visible), Counter[str]()
    for file in visible:
        sizes[file.day] += file.bytes
    with duckdb.connect() as connection:
        connection.register("stored", lake.dataset(name, visible))
        rows = dict(_ask(connection, "SELECT day, count(*) FROM stored GROUP BY day"))
        holes = dict(_ask(connection, _HOLES)) if name == topics.BOARDS else {}
        statuses = dict(_ask(connection, _STATUSES)) if name == topics.OUTCOMES else {}
    days = [
        Day(
            day=(day := date.fromisoformat(text)),
            rows=rows.get(day, 0),
            files=files[text],
            bytes=sizes[text],
            longest_hole_minutes=holes.get(day),
        )
        for text in sorted(files)
    ]
    return Summary(name=name, days=days, missing_days=_missing([day.day for day in days]), statuses=statuses)


_HOLES = """
    SELECT day, max(hole) FROM (
        SELECT day, (epoch_ms(polled_at) - lag(epoch_ms(polled_at)) OVER (ORDER BY polled_at)) / 60000.0 AS hole
        FROM stored
    ) GROUP BY day"""
_STATUSES = "SELECT status, count(*) FROM stored GROUP BY status ORDER BY status"


def _ask(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = connection.execute(query).fetchall()
    return found


def _missing(days: list[date]) -> list[date]:
    if not days:
        return []
    span = (days[0] + timedelta(days=shift) for shift in range((days[-1] - days[0]).days))
    return sorted(set(span) - set(days))
