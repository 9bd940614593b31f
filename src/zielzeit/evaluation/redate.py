"""Recorded boards moved to a later date, for a model whose history ends after they were recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from zielzeit.berlin_time import BERLIN
from zielzeit.boards.record import BoardRecord

WEEK = timedelta(weeks=1)


def weeks_until(first: datetime, known: datetime) -> int:
    """Return the least number of weeks by which a recording that begins at ``first`` begins after ``known``; 0 if it
    does. Weekdays stay what they are, and with them most of the timetable."""
    return 0 if first > known else (known - first) // WEEK + 1


def later(boards: Iterable[BoardRecord], weeks: int) -> Iterator[BoardRecord]:
    """Yield each board so many weeks later on Berlin's clocks: a board's own times are bare ``HH:MM``."""
    for board in boards:
        at = board.polled_at.astimezone(BERLIN) + weeks * WEEK
        yield msgspec.structs.replace(board, polled_at=at)
