"""How many of the names that data carries the register knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from zielzeit.stations.register import StationRegister
from zielzeit.stations.resolution import Match


class Coverage(msgspec.Struct, frozen=True):
    """Names of some data by how the register found them.

    Parameters
    ----------
    names
        Number of different names by match.
    mentions
        How often names of each match occur in the data.
    unknown
        How often each name occurs that was not found.
    ambiguous
        The same for names that several stations bear.
    """

    names: Mapping[Match, int]
    mentions: Mapping[Match, int]
    unknown: Mapping[str, int]
    ambiguous: Mapping[str, int]

    @property
    def known_names(self) -> int:
        """Number of names that were found."""
        return sum(count for match, count in self.names.items() if match not in (Match.NONE, Match.AMBIGUOUS))

    @property
    def total_names(self) -> int:
        """Number of different names."""
        return sum(self.names.values())

    @property
    def share(self) -> float:
        """Share of the names that were found; 1 of no names."""
        return self.known_names / self.total_names if self.total_names else 1.0


def coverage(register: StationRegister, mentions: Mapping[str, int]) -> Coverage:
    """What the register knows of names, given how often each occurs."""
    names: Counter[Match] = Counter()
    counts: Counter[Match] = Counter()
    missing: dict[Match, Counter[str]] = {Match.NONE: Counter(), Match.AMBIGUOUS: Counter()}
    for name, count in mentions.items():
        match = register.find(name).match
        names[match] += 1
        counts[match] += count
        if match in missing:
            missing[match][name] = count
    return Coverage(names, counts, missing[Match.NONE], missing[Match.AMBIGUOUS])
