"""Names counted by how they are found."""

from __future__ import annotations

from zielzeit.stations.coverage import coverage
from zielzeit.stations.register import StationRegister
from zielzeit.stations.resolution import Match
from zielzeit.stations.source import Source
from zielzeit.stations.station import Station

REGISTER = StationRegister(
    (Source.TABLE, one) for one in (Station("1", "Köln Hbf"), Station("2", "Neu-Dorf"), Station("3", "Neu Dorf"))
)


def test_names_and_mentions_are_counted_apart() -> None:
    result = coverage(REGISTER, {"Köln Hbf": 5, "koeln hbf": 1, "neu dorf": 2, "Nirgendwo": 3})
    assert result.names == {Match.NAME: 1, Match.SPELLING: 1, Match.AMBIGUOUS: 1, Match.NONE: 1}
    assert result.mentions == {Match.NAME: 5, Match.SPELLING: 1, Match.AMBIGUOUS: 2, Match.NONE: 3}
    assert result.unknown == {"Nirgendwo": 3}
    assert result.ambiguous == {"neu dorf": 2}
    assert (result.known_names, result.total_names, result.share) == (2, 4, 0.5)


def test_no_names_are_all_known() -> None:
    assert coverage(REGISTER, {}).share == 1.0
