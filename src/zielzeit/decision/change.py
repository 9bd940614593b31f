"""What sets a board apart from the one before at the same station: computed once, read by every rule that compares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Self

from zielzeit.decision.state import Entry, StationState


class Change(NamedTuple):
    """The difference of a board to the last one that was believed."""

    reports: dict[str, Entry]
    """A new entry for each train of the board, by identity, in the board's order. Trains whose rows are the same, and
    say nothing new, may be left out: they show what their entries hold."""
    new: list[str]
    """Trains of the board that the station's state does not have, in the board's order."""
    vanished: list[str]
    """Trains that the last board showed and this one does not, in the order of the entries."""

    @classmethod
    def of(cls, station: StationState, reports: dict[str, Entry]) -> Self:
        """Return the difference of a board, all of whose trains are ``reports``."""
        return cls(
            reports,
            [key for key in reports if key not in station.entries],
            vanished(station, station.entries.keys() - reports.keys()),
        )


def vanished(station: StationState, missing: Iterable[str]) -> list[str]:
    """Return those of the missing trains that the last board showed, in the order of the entries."""
    entries, last_board = station.entries, station.last_board
    found = [key for key in missing if entries[key].last_seen == last_board]
    if len(found) < 2:
        return found
    among = set(found)
    return [key for key in entries if key in among]
