"""The rows of the hour that autumn repeats (02:00 to 03:00), as DBF sends them.

DBF reads every 02:xx, planned or expected, as the second pass. A train that left at 02:03 summer time stands where one
of 02:03 winter time does, an hour too long, and a delay is off by 60 minutes where only one of the two times lies in
the first pass: planned 01:57 and four minutes late is +64, planned 02:51 of the first pass and 15 minutes late is -45.
The order of the rows is that of DBF's reading, so it tells nothing more.

A row may therefore stand for several trains. It is certain if all but one of them would have left long before time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, BoardClock, Milliseconds, WallMinutes, wall_to_utc
from zielzeit.decision.state import EARLY_ARRIVAL, EARLY_DEPARTURE, Entry

_HOUR: Final = 60 * MINUTE


class Reading(NamedTuple):
    """What a row may mean."""

    planned: Milliseconds
    delay: int
    """Minutes."""


def readings(wall: WallMinutes, delay: int, earliest: int) -> list[Reading]:
    """Return what DBF's delay (minutes) of a train of a planned wall time may mean.

    ``earliest`` is by how much a train can be early, milliseconds. If nothing would make DBF send the row, the delay is
    taken as it stands.
    """
    passes = [Milliseconds(minute * MINUTE) for minute in sorted({wall_to_utc(wall, 0), wall_to_utc(wall, 1)})]
    possible = []
    for planned in passes:
        shown = Milliseconds(berlin_time.read_by_dbf(planned) + delay * MINUTE)
        possible += [
            Reading(planned, (left - planned) // MINUTE)
            for left in (Milliseconds(shown - _HOUR), shown)
            if berlin_time.read_by_dbf(left) == shown and left >= planned - earliest
        ]
    return possible or [Reading(planned, delay) for planned in passes]


def read(entries: Iterable[Entry]) -> None:
    """Give the entries of a board their instants and delays, and mark those that cannot be told.

    An uncertain entry keeps DBF's reading, by which its row stays on the boards.
    """
    for entry in entries:
        if not (_is_near(entry.planned) or _is_near(entry.believed)):
            continue
        wall = berlin_time.wall_minutes(berlin_time.datetime_of(entry.planned))
        possible = readings(wall, entry.delay, EARLY_ARRIVAL if entry.ends else EARLY_DEPARTURE)
        planned = {reading.planned for reading in possible}
        entry.planned = max(planned)
        if len(possible) == 1:
            entry.delay = possible[0].delay
        else:
            entry.uncertain = not entry.cancelled or len(planned) > 1


def _is_near(at: Milliseconds) -> bool:
    return berlin_time.is_first_pass(at) or berlin_time.is_first_pass(Milliseconds(at - _HOUR))


def arrival_delay(entry: Entry) -> int | None:
    """Return the delay of an entry's arrival, minutes; None if there is no arrival or its delay cannot be told."""
    row = entry.row
    if row.scheduled_arrival is None or entry.cancelled:
        return None
    if row.delay_arrival is None or not berlin_time.near_repeated_hour(entry.last_seen):
        return row.delay_arrival
    wall = BoardClock(entry.last_seen).wall(row.scheduled_arrival)
    delays = {reading.delay for reading in readings(wall, row.delay_arrival, EARLY_ARRIVAL)}
    return delays.pop() if len(delays) == 1 else None
