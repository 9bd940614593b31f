"""Contents of the lake: days, rows and files of each table, the share of labelled predictions, missing days, holes."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import duckdb
import msgspec

from zielzeit import topics
from zielzeit.lake.reading import Lake
from zielzeit.lake.table_definitions import TABLES
from zielzeit.progress import SILENT, Progress


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """Contents of one day of a table."""

    day: date
    rows: int
    files: int
    bytes: int
    longest_hole_minutes: float | None = None
    """Table ``boards``: the longest time without a board of any station that ended on this day; else None."""


class TableSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Contents of one table."""

    name: str
    days: list[Day]
    missing_days: list[date]
    """Days without files between the first and the last day."""
    statuses: dict[str, int] = {}
    """Table ``outcomes``: status → number of rows; else empty."""

    @property
    def rows(self) -> int:
        """Number of rows of all days."""
        return sum(day.rows for day in self.days)

    @property
    def files(self) -> int:
        """Number of files of all days."""
        return sum(day.files for day in self.days)

    @property
    def bytes(self) -> int:
        """Size of the files of all days."""
        return sum(day.bytes for day in self.days)

    @property
    def label_rate(self) -> float | None:
        """Share of the outcomes that have a label (arrived or cancelled), 0 to 1; None if there are no outcomes."""
        total = sum(self.statuses.values())
        return 1 - self.statuses.get("unlabelled", 0) / total if total else None

    @property
    def worst(self) -> Day | None:
        """The day with the longest hole; None for tables other than ``boards``."""
        return max(
            (day for day in self.days if day.longest_hole_minutes is not None),
            key=lambda day: day.longest_hole_minutes or 0.0,
            default=None,
        )


def summaries(lake: Lake, progress: Progress = SILENT) -> list[TableSummary]:
    """Summaries of all tables, empty ones included."""
    found = []
    with progress.step("reading") as step:
        for table in TABLES:
            step.say(table.name)
            found.append(summary(lake, table.name))
    return found


def summary(lake: Lake, name: str) -> TableSummary:
    """Summary of one table."""
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
    return TableSummary(name=name, days=days, missing_days=_missing([day.day for day in days]), statuses=statuses)


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
