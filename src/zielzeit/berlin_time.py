"""The one place that turns a board's bare ``HH:MM`` into a date and an instant.

Boards carry neither date nor zone (DBF JSON version 3). A row is planned at most three hours after ``polled_at`` and
may be many hours late, so the date is the latest one that does not lie further ahead than the board can look.

Instants are whole minutes since 1970-01-01 UTC, wall times are whole minutes since 1970-01-01 on the clocks of
Europe/Berlin: integers, because a large board asks a hundred times and arithmetic on them is exact and quick.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE: Final = 60_000
"""Milliseconds in a minute: Kafka's and Flink's timestamps are milliseconds."""
DAY = 24 * 60
"""Minutes in a day."""
LOOK_AHEAD = 4 * 60
"""Minutes: the board's three hours and an hour for clocks that differ or change."""

MINUTE_OF_DAY = {f"{hour:02}:{minute:02}": 60 * hour + minute for hour in range(24) for minute in range(60)}
"""Every time of day that a board can show."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall time on purpose
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)


def wall_minutes(at: datetime) -> int:
    """Minutes since 1970 on Berlin's clocks at an aware instant."""
    wall = at.astimezone(BERLIN).replace(tzinfo=None)
    return int((wall - _EPOCH).total_seconds()) // 60


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware instant, exact."""
    return (at - _EPOCH_UTC) // timedelta(milliseconds=1)


def wall_datetime(wall: int) -> datetime:
    """The naive wall-clock datetime of wall minutes: what a timetable prints."""
    return _EPOCH + timedelta(minutes=wall)


def instant_datetime(instant: float) -> datetime:
    """The aware datetime, Europe/Berlin, of minutes since 1970 UTC."""
    return (_EPOCH_UTC + timedelta(minutes=instant)).astimezone(BERLIN)


@lru_cache(maxsize=65536)
def wall_to_instant(wall: int, fold: int = 0) -> int:
    """Minutes since 1970 UTC of a wall time.

    ``fold`` chooses between the two passes of the hour that autumn repeats. A wall time that spring leaves out is
    read with the offset before the change, as the timetable's own systems do: 02:30 is the instant 03:30 (summer).
    """
    aware = wall_datetime(wall).replace(tzinfo=BERLIN, fold=fold)
    return int((aware - _EPOCH_UTC).total_seconds()) // 60


def is_repeated(wall: int) -> bool:
    """Whether this wall time exists twice (the autumn change)."""
    return wall_to_instant(wall, 0) < wall_to_instant(wall, 1)


def is_first_pass(instant: int) -> bool:
    """Whether the clocks will show this minute (since 1970 UTC) once more, an hour later (the autumn change)."""
    return wall_minutes(instant_datetime(instant)) == wall_minutes(instant_datetime(instant + 60))


class BoardClock:
    """Resolves the times of one board, polled at an instant (minutes since 1970 UTC)."""

    def __init__(self, polled_at: int) -> None:
        now = wall_minutes(instant_datetime(polled_at))
        self._limit = now + LOOK_AHEAD
        offsets = {wall - wall_to_instant(wall, fold) for wall in (self._limit - DAY, self._limit) for fold in (0, 1)}
        self._offset = offsets.pop() if len(offsets) == 1 else None
        self.has_repeated_hour = self._offset is None and any(
            is_repeated(wall) for wall in range(self._limit - DAY, self._limit, 30)
        )
        """Whether some wall time that this board can show exists twice."""

    def wall(self, hhmm: str) -> int:
        """Wall minutes of a bare time of day: on the latest day that is not beyond the look-ahead.

        Raises KeyError for what is no time of day.
        """
        return self._limit - (self._limit - MINUTE_OF_DAY[hhmm]) % DAY

    def instant(self, wall: int) -> int:
        """Minutes since 1970 UTC of one of this board's wall times, the first pass where it exists twice."""
        return wall - self._offset if self._offset is not None else wall_to_instant(wall)
