"""Which neighbours are parts of one station."""

from __future__ import annotations

import pytest

from zielzeit.stations.parts import Place, distance, is_part

HBF = Place("Musterstadt Hbf", 50.0, 8.0, "1")


def place(name: str, north_km: float, number: str | None = None) -> Place:
    return Place(name, 50.0 + north_km / 111.2, 8.0, number)


def test_distances_are_kilometres() -> None:
    frankfurt = Place("", 50.107145, 8.663789)
    assert distance(frankfurt, Place("", 50.0991, 8.6863)) == pytest.approx(1.84, abs=0.05)  # to Süd
    assert distance(frankfurt, frankfurt) == 0


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (place("Musterstadt Hbf (tief)", 0.1), True),
        (place("Musterstadt Hbf Gl. 5-10", 0.4), True),
        (place("Musterstadt (S)", 1.2, "2"), True),
        (place("Musterstadt Hbf (tief)", 2.0), False),
        (place("Musterstadt Hbf Südseite", 0.4), True),
        (place("Musterstadt Süd", 0.7), False),
        (place("Musterstadt Süd", 0.4, "2"), False),
        (place("Bahnhofsplatz", 0.1), True),
        (place("Marktplatz", 0.4), False),
        (place("Nachbarort", 0.1, "2"), False),
    ],
)
def test_name_and_distance_decide(candidate: Place, expected: bool) -> None:
    assert is_part(candidate, HBF) is expected
