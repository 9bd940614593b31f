"""Several rows of one number and minute on one board: one train shown twice, or the parts of a train that separates.

A board merges related stations, so that a train can stand on it twice, once without real-time data. Parts of a train
that leave together under one number (wings) have rows for different destinations: each is a departure of its own. The
part that was there first, or whose destination comes first in the alphabet, has the plain id, which a part that appears
later does not take away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from zielzeit.boards.parse import Row


class Part(NamedTuple):
    """One part of a train: its row, and what tells its id from those of the other parts (empty for the first)."""

    wing: str
    row: Row


def tell_apart(rows: Iterable[Row], known: Mapping[str, str], station_of: Callable[[str], str]) -> list[Part]:
    """Return the parts that rows of one identity show; of two rows of one part the better informed one counts.

    ``known`` has the wing of each destination of these parts so far. A part whose destination is new is the one whose
    row is not there, if there is such a part. ``station_of`` tells which station a destination's name means; the empty
    text is the station of the board (``OwnStation.station_of``).
    """
    parts: dict[str, Row] = {}
    for row in rows:
        destination = station_of(row.destination)
        parts[destination] = max(parts.get(destination, row), row, key=_information)
    if len(parts) > 1:
        parts.pop("", None)  # a row that leads nowhere is no part of its own
    wings = {station_of(name): wing for name, wing in known.items()}
    found: dict[str, Row] = {}
    for destination in [one for one in parts if one in wings]:
        found[wings[destination]] = parts.pop(destination)
    gone = [wing for wing in dict.fromkeys(wings.values()) if wing not in found]
    for row in sorted(parts.values(), key=lambda row: row.destination):
        wing = gone.pop(0) if gone else row.destination if known or found else ""
        found.setdefault(wing, row)
    return [Part(wing, row) for wing, row in sorted(found.items())]


def _information(row: Row) -> tuple[object, ...]:
    """Return what the better informed row has more of; the rest only makes it the same whatever the order."""
    delay = row.delay_arrival if row.scheduled_departure is None else row.delay_departure
    return (
        not row.missing_realtime,
        not row.is_cancelled,
        bool(delay),  # 0 may mean unknown
        delay or 0,
        row.delay_arrival or 0,
        row.platform or "",
        row.scheduled_arrival or "",
        row.train,
        bytes(row.route),
    )
