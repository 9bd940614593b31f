"""Conversion between the timetable's wall clock (Europe/Berlin) and epoch seconds, which everything else uses.

A trip starts at its wall-clock time and its stops follow by elapsed minutes, so that a train under way keeps moving
when the clocks change. A start in the hour that spring skips is an hour later; in the hour that autumn repeats it is
the first pass.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")

_HHMM = tuple(f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60))


@lru_cache(maxsize=64)
def start_of_day(day: date) -> tuple[int, ...]:
    """Epoch seconds of each full wall-clock hour 0 … 48 after 00:00 of ``day``, Europe/Berlin."""
    midnight = datetime.combine(day, time())
    return tuple(int((midnight + timedelta(hours=h)).replace(tzinfo=BERLIN).timestamp()) for h in range(49))


def epoch(day: date, wall_minute: int) -> int:
    """Epoch seconds of a wall-clock minute after 00:00 of a day."""
    hour, minute = divmod(wall_minute, 60)
    return start_of_day(day)[hour] + 60 * minute


def local(second: float) -> datetime:
    """Aware time, Europe/Berlin, of epoch seconds."""
    return datetime.fromtimestamp(second, tz=BERLIN)


@lru_cache(maxsize=4096)
def _offset(quarter_hour: int) -> int:
    offset = datetime.fromtimestamp(quarter_hour * 900, tz=UTC).astimezone(BERLIN).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def local_hour(second: int) -> int:
    """Hour of the day in Europe/Berlin, 0 … 23."""
    return (second + _offset(second // 900)) // 3600 % 24


def read_by_dbf(second: int) -> int:
    """Instant for which DBF takes this one: of the hour that autumn repeats it knows the second pass only."""
    first_pass = _offset(second // 900) > _offset(second // 900 + 4) and hhmm(second) == hhmm(second + 3600)
    return second + 3600 if first_pass else second


def hhmm(second: int) -> str:
    """``HH:MM`` as a board prints it: local, no date, no zone."""
    return _HHMM[(second + _offset(second // 900)) // 60 % 1440]
