"""Which day's train a row is, and which train: around midnight, twice a day under one number, in another's place."""

from __future__ import annotations

import pytest

from tests.decision.handmade import THROUGH, Watched, row
from zielzeit.events.structs import Decision


def told(station: Watched) -> list[tuple[str, str, int | None]]:
    """Train and planned time, kind and delay of all decisions."""
    return [(named(decision), decision.kind, decision.delay) for decision in station.decisions]


def named(decision: Decision) -> str:
    """The id without its station."""
    return decision.id.partition("|")[2]


def test_trains_that_leave_on_the_other_side_of_midnight_keep_their_planned_day() -> None:
    station = Watched()
    late = row("41041", "23:58", 11, arrival="23:56", train="RB 41")
    early = row("42042", "00:02", -3, arrival="00:00", train="RB 42")
    station.every_three_minutes("2026-03-10T23:30", "2026-03-11T00:40", late, early, row("43045", "02:10"))
    assert told(station) == [
        ("RB 42042|2026-03-11T00:02", "departed", -3),
        ("RB 41041|2026-03-10T23:58", "departed", 11),
    ]


def test_a_number_that_runs_at_the_begin_and_at_the_end_of_one_day_is_two_trains() -> None:
    station = Watched()
    station.every_three_minutes("2026-03-07T23:00", "2026-03-08T01:00", row("618", "00:00", 6, train="ICE 618"))
    station.every_three_minutes("2026-03-08T20:10", "2026-03-08T23:30", row("618", "23:02", 1, train="ICE 618"))
    assert told(station) == [
        ("ICE 618|2026-03-08T00:00", "departed", 6),
        ("ICE 618|2026-03-08T23:02", "departed", 1),
    ]


@pytest.mark.parametrize("past", [True, False])
def test_a_train_in_the_place_of_another_is_a_train_of_its_own(past: bool) -> None:
    """Boards that look back go on showing the one that is cancelled; in default boards its row may be replaced."""
    station = Watched()
    shown = {"arrival": "12:14", "route": THROUGH, "destination": "Ende"}
    first = row("1577", "12:16", 0, train="ICE 1577", **shown)  # type: ignore[arg-type]
    second = row("2943", "12:16", 4, train="ICE 2943", **shown)  # type: ignore[arg-type]
    others = [row(str(number), f"13:{number}0") for number in range(1, 6)]
    station.every_three_minutes("11:30", "11:57", first, *others)
    cancelled = [first | {"isCancelled": 1}] if past else []
    station.every_three_minutes("12:00", "12:18", *cancelled, second, *others)
    station.every_three_minutes("12:21", "12:36", *([*cancelled, second] if past else []), *others)
    assert sorted(told(station)) == [
        ("ICE 1577|2026-03-10T12:16", "cancelled" if past else "withdrawn", None),
        ("ICE 2943|2026-03-10T12:16", "departed", 4),
    ]
