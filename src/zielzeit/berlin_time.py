"""The forms of time, and the one place that turns a board's bare ``HH:MM`` into a date and an instant.

==================  =====================================================  ==========================================
form                what it is                                             where it is used
==================  =====================================================  ==========================================
``datetime``        instant with its zone, Europe/Berlin                   structs on the topics, files, commands
``Milliseconds``    instant: milliseconds since 1970 UTC                   event time in Kafka and Flink, timers, and
                                                                           the decision and its state
``UtcMinutes``      instant: whole minutes since 1970 UTC                  the state of runs, tables of features
``WallMinutes``     minutes since 1970 on the clocks of Europe/Berlin      what a timetable says: identity of a stop
``ServiceDay``      days since 1970; a day begins at three                 daily statistics, partitions of examples
==================  =====================================================  ==========================================

Durations and delays are plain numbers of minutes; ``MINUTE`` converts them. The integers are types of their own
(``NewType``), so that mypy tells them apart; arithmetic on them is exact and fast.

Boards carry neither date nor zone (DBF JSON version 3). A row is planned at most three hours after ``polled_at`` and
may be many hours late, so the date is the latest one that does not lie further ahead than the board can look.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NewType
from zoneinfo import ZoneInfo

Milliseconds = NewType("Milliseconds", int)
"""Instant: milliseconds since 1970-01-01 UTC."""
UtcMinutes = NewType("UtcMinutes", int)
"""Instant: whole minutes since 1970-01-01 UTC."""
WallMinutes = NewType("WallMinutes", int)
"""Wall time: whole minutes since 1970-01-01 on the clocks of Europe/Berlin. In autumn an hour of them exists twice."""
ServiceDay = NewType("ServiceDay", int)
"""Service day: days since 1970-01-01; ``zielzeit.service_days`` says when a day begins."""

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE: Final = 60_000
"""Milliseconds in a minute."""
DAY = 24 * 60
"""Minutes in a day."""
LOOK_AHEAD = 4 * 60
"""Minutes that a board looks ahead: three hours from the arrival, and an hour for long stops and clocks that differ."""

MINUTE_OF_DAY = {f"{hour:02}:{minute:02}": 60 * hour + minute for hour in range(24) for minute in range(60)}
"""Every time of day that a board can show."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall time on purpose
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(at: datetime) -> Milliseconds:
    """Return the milliseconds of an aware instant, exactly."""
    return Milliseconds((at - _EPOCH_UTC) // _MILLISECOND)


def datetime_of(at: Milliseconds) -> datetime:
    """Return the aware datetime (Europe/Berlin) of an instant."""
    return (_EPOCH_UTC + timedelta(milliseconds=at)).astimezone(BERLIN)


def utc_minutes(at: Milliseconds) -> UtcMinutes:
    """Return the minute in which an instant lies."""
    return UtcMinutes(at // MINUTE)


def minute_begin(minute: UtcMinutes) -> Milliseconds:
    """Return the first instant of a minute."""
    return Milliseconds(minute * MINUTE)


def wall_minutes(at: datetime) -> WallMinutes:
    """Return the time on Berlin's clocks at an aware instant."""
    wall = at.astimezone(BERLIN)
    return WallMinutes((wall.toordinal() - _EPOCH_ORDINAL) * DAY + 60 * wall.hour + wall.minute)


def wall_datetime(wall: WallMinutes) -> datetime:
    """Return the naive datetime of a wall time: what a timetable prints."""
    return _EPOCH + timedelta(minutes=wall)


@lru_cache(maxsize=65536)
def wall_to_utc(wall: WallMinutes, fold: int = 0) -> UtcMinutes:
    """Return the instant of a wall time.

    ``fold`` chooses between the two passes of the hour that autumn repeats. A wall time that spring leaves out is
    read with the offset before the change, as the timetable's own systems do: 02:30 is the instant 03:30 (summer).
    """
    aware = wall_datetime(wall).replace(tzinfo=BERLIN, fold=fold)
    return UtcMinutes(int((aware - _EPOCH_UTC).total_seconds()) // 60)


def is_repeated(wall: WallMinutes) -> bool:
    """Return True if this wall time exists twice (the autumn change)."""
    return wall_to_utc(wall, 0) < wall_to_utc(wall, 1)


def is_first_pass(at: Milliseconds) -> bool:
    """Return True if Berlin's clocks show the minute of this instant again an hour later (the autumn change)."""
    return _is_first_pass(utc_minutes(at))


@lru_cache(maxsize=65536)
def _is_first_pass(minute: UtcMinutes) -> bool:
    return is_repeated(wall := wall_minutes(datetime_of(minute_begin(minute)))) and minute == wall_to_utc(wall)


def read_by_dbf(at: Milliseconds) -> Milliseconds:
    """Return the instant for which DBF takes this one: of autumn's repeated hour it knows the second pass only."""
    return Milliseconds(at + 60 * MINUTE) if is_first_pass(at) else at


@lru_cache(maxsize=1024)
def _can_show_repeated_hour(hour: int) -> bool:
    return BoardClock(Milliseconds(hour * 60 * MINUTE)).has_repeated_hour


def near_repeated_hour(at: Milliseconds) -> bool:
    """Return True if a board of this instant may show times of the hour that autumn repeats."""
    hour = at // (60 * MINUTE)
    return _can_show_repeated_hour(hour) or _can_show_repeated_hour(hour + 1)


class BoardClock:
    """Resolves the times of day of one board."""

    def __init__(self, polled_at: Milliseconds) -> None:
        # Before a clock change the clocks pass an hour more or less than a board looks ahead: the later one counts.
        later = Milliseconds(polled_at + LOOK_AHEAD * MINUTE)
        self.limit = max(wall_minutes(datetime_of(polled_at)) + LOOK_AHEAD, wall_minutes(datetime_of(later)))
        """The latest wall time that this board can show, minutes."""
        ends = (WallMinutes(self.limit - DAY), WallMinutes(self.limit))
        offsets = {wall - wall_to_utc(wall, fold) for wall in ends for fold in (0, 1)}
        self.offset = offsets.pop() if len(offsets) == 1 else None
        """Minutes by which all its wall times are ahead of UTC; None near a clock change."""
        self.has_repeated_hour = self.offset is None and any(
            is_repeated(WallMinutes(wall)) for wall in range(*ends, 30)
        )
        """True if a wall time that this board can show exists twice."""

    def wall(self, hhmm: str) -> WallMinutes:
        """Return the wall time of a bare time of day: on the latest day that is not beyond the look-ahead.

        Raises KeyError for a text that is not a time of day.
        """
        return WallMinutes(self.limit - (self.limit - MINUTE_OF_DAY[hhmm]) % DAY)

    def instant(self, wall: WallMinutes) -> Milliseconds:
        """Return the instant of one of this board's wall times, in the first pass where it exists twice."""
        minute = wall - self.offset if self.offset is not None else wall_to_utc(wall)
        return Milliseconds(minute * MINUTE)
