"""A board's rows as entries: identity, dates, and which event of a row counts."""

from __future__ import annotations

from typing import Final

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE
from zielzeit.boards import parse as boards
from zielzeit.decision.state import Entry, Station

_PAST_REACH: Final = 65 * MINUTE
"""How far back boards polled with ``past=1`` reach: an hour, and the age of a cached reply."""
_DEFAULT_REACH: Final = MINUTE
_MISPLACED: Final = 15 * MINUTE
"""A row out of order by more is of the second pass; in recorded boards it is hardly ever more than 12 minutes."""


def read(name: str, station: Station, board: boards.Board, polled_at: int) -> dict[str, Entry]:
    """The board's rows by identity: category, number and planned wall time at this station.

    The wall time and not the instant, because it stays the same while a repeated hour is still being told apart. Of
    two rows that claim one identity, the one that runs counts.
    """
    times = berlin_time.BoardClock(polled_at // MINUTE)
    reports: dict[str, Entry] = {}
    for row in board.rows:
        departure = row.scheduled_departure
        wall = times.wall(departure or row.scheduled_arrival or "")
        key = f"{row.train.partition(' ')[0]} {row.train_number}@{wall}"
        if row.is_cancelled and key in reports:
            continue
        if departure is not None and not _ends_short(name, row):
            planned, delay, ends = wall, row.delay_departure, False
        else:
            planned, delay, ends = times.wall(row.scheduled_arrival or ""), row.delay_arrival, True
        reports[key] = Entry(row, wall, times.instant(planned) * MINUTE, delay or 0, ends, polled_at, polled_at)
    if times.has_repeated_hour:
        _tell_passes_apart(station, list(reports.values()), polled_at)
    return reports


def _ends_short(name: str, row: boards.Row) -> bool:
    """Whether a row has a planned departure that will not be: every later stop is cancelled, and this one is not.

    Only a route that mentions a cancellation is read: nearly none does, and routes are most of a board.
    """
    if row.scheduled_arrival is None or row.is_cancelled or b"isCancelled" not in bytes(row.route):
        return False
    behind, ahead = boards.split_route(row, name)
    return bool(behind) and not ahead


def _tell_passes_apart(station: Station, reports: list[Entry], polled_at: int) -> None:
    """In the night of the autumn change, find the rows of the second pass of the hour that exists twice.

    ``HH:MM`` alone cannot tell, but rows stand in the order of their believed departures: the second pass begins with
    the first that seems to lie before its predecessors, or before what this station's boards reach back to. Now and
    then a single row stands a few minutes from its place: the next one must not lie after them, then.
    """
    keeps_past = any(entry.kind for entry in station.entries.values())  # decided rows that are still on the boards
    latest = polled_at - (_PAST_REACH if keeps_past else _DEFAULT_REACH)
    doubled = [entry for entry in reports if berlin_time.is_first_pass(entry.planned // MINUTE)]
    for place, entry in enumerate(doubled):
        back = latest - entry.believed
        if back > _MISPLACED or (
            back > 0 and all(next_.believed <= latest for next_ in doubled[place + 1 : place + 2])
        ):
            for second in doubled[place:]:
                second.planned += 60 * MINUTE
            return
        latest = max(latest, entry.believed)
