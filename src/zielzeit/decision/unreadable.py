"""Which trains a board may show in rows that could not be read: of those alone it does not prove that they are gone.

An unreadable row hides no train but its own: its category, number and planned time say which, as far as they can be
read. A row that was unreadable when the train was last seen in a row of its own is none that the train has now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from zielzeit.berlin_time import BoardClock, Milliseconds, WallMinutes
from zielzeit.boards.odd_rows import UnreadableRow
from zielzeit.boards.parse import category
from zielzeit.decision.state import MEMORY, Entry, StationState, Unreadable

_MOST: Final = 1_000
"""Unreadable rows that a station's state remembers."""
_MOST_REASONS: Final = 20
"""Reasons that it remembers of each."""


class HiddenTrain(NamedTuple):
    """What is known of the train of an unreadable row; None for what is not."""

    category: str | None
    number: str | None
    planned_wall: WallMinutes | None
    since: Milliseconds
    """``polled_at`` of the first board on which the row was unreadable."""

    def may_be(self, entry: Entry) -> bool:
        """Return True if the row may be that of a train that is missing."""
        return (
            self.since > entry.last_seen
            and self.number in (None, entry.row.train_number)
            and self.planned_wall in (None, entry.planned_wall)
            and self.category in (None, category(entry.row.train))
        )


class UnreadableRows(NamedTuple):
    """What the unreadable rows of a board lead to."""

    hidden: Sequence[HiddenTrain] = ()
    new: Sequence[UnreadableRow] = ()
    """Those to report: each train once for each reason."""


NO_ROWS: Final = UnreadableRows()
"""All rows of the board were read."""


def note(
    station: StationState, rows: tuple[UnreadableRow, ...], polled_at: Milliseconds, before: Milliseconds
) -> UnreadableRows:
    """Note the unreadable rows of a board; ``before`` is ``polled_at`` of the last board before it."""
    clock = BoardClock(polled_at)
    by_train: dict[str, list[UnreadableRow]] = {}
    for row in rows:
        wall = "" if row.time is None else clock.wall(row.time)
        by_train.setdefault(f"{row.category or ''} {row.number or ''}@{wall}", []).append(row)
    hidden, new = [], []
    for train, its_rows in by_train.items():
        known = station.unreadable.pop(train, None)  # and in again, so that the latest stand last
        if known is None or known.last_seen + MEMORY < polled_at:
            known = Unreadable(polled_at, polled_at, 0)
        if known.last_seen != before or len(its_rows) > known.count:
            known.since = polled_at
        known.last_seen, known.count = polled_at, len(its_rows)
        station.unreadable[train] = known
        for row in its_rows:
            if row.reason not in known.reasons:
                known.reasons.append(row.reason)
                new.append(row)
        del known.reasons[:-_MOST_REASONS]
        row = its_rows[0]
        wall_minutes = None if row.time is None else clock.wall(row.time)
        hidden.append(HiddenTrain(row.category, row.number, wall_minutes, known.since))
    for train in list(station.unreadable)[:-_MOST]:
        del station.unreadable[train]
    return UnreadableRows(hidden, new)
