"""Stations of history files by the names that boards show.

The months of ``piebro/deutsche-bahn-data`` carry the boards' name (``xml_station_name``) beside that of the register of
stations (``station_name``: ``Berlin Hauptbahnhof``); other files carry the latter alone. A model whose network state is
made of them is served departures from boards, so all names are the boards'.
"""

from __future__ import annotations

from collections.abc import Iterable

from zielzeit.stations.register import StationRegister
from zielzeit.stations.resolution import Match
from zielzeit.stations.spelling import comparable, composed, eva_number


def begins_alike(one: str, other: str) -> bool:
    """Return True if two names begin with the same word: a number beside quite another name is a fault of the file."""
    return comparable(one).split()[:1] == comparable(other).split()[:1]


class BoardNames:
    """The boards' names of a file's stations.

    Parameters
    ----------
    register
        What is known of stations.
    pairs
        EVA numbers and names that occur in the file. A number that stands beside names of several stations is not
        believed.
    """

    def __init__(self, register: StationRegister, pairs: Iterable[tuple[str | None, ...]]) -> None:
        self._register = register
        names: dict[str, set[str]] = {}
        for eva, name in pairs:
            if (number := eva_number(eva or "")) and name:
                names.setdefault(number, set()).add(comparable(name))
        self._seen: set[tuple[str | None, str | None, str | None]] = set()
        self._doubtful = {number for number, several in names.items() if len(several) > 1}

    @property
    def taught(self) -> list[tuple[str | None, str | None, str | None]]:
        """EVA number, name and boards' name of the rows so far, without numbers that are not believed."""
        return [row for row in self._seen if eva_number(row[0] or "") not in self._doubtful]

    def name(self, eva: str | None, name: str | None, board_name: str | None) -> str | None:
        """The boards' name of a station; None where the three texts name none.

        Parameters
        ----------
        eva
            EVA number; leading zeros do not matter.
        name
            The archive's name.
        board_name
            The boards' name, where the archive has it.
        """
        self._seen.add((eva, name, board_name))
        if board_name:
            return composed(board_name)
        number = eva_number(eva or "")
        by_number = None if number is None or number in self._doubtful else self._register.station(number)
        if not name:
            return by_number.name if by_number else None
        found = self._register.find(name)
        known = found.identity.known and found.match is not Match.CODE
        if by_number and number:
            if found.match is Match.AMBIGUOUS:
                agrees = number in found.candidates
            elif known:  # parts of one station share the archive's name, but not the boards'
                agrees = self._register.whole_of(found.identity.key) == self._register.whole_of(number)
            else:
                agrees = begins_alike(name, by_number.name)
            if agrees:
                return by_number.name
        station = self._register.station(found.identity.key) if known else None
        return station.name if station else composed(name)
