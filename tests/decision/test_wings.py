"""Rows of one number and minute: a train that is shown twice, and parts of a train that leave together."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decision.handmade import HERE, THROUGH, Watched, row
from tests.thoroughness import thorough
from zielzeit.decision.state import StationState

LATER = row("2", "14:30")
FIRST, SECOND = "Musterstadt Hbf|RE 4711|2026-03-10T12:05", "Musterstadt Hbf|RE 4711|2026-03-10T12:05|Tegernau"


def to(destination: str, delay: int = 2, **more: Any) -> dict[str, Any]:
    """The part of the train that runs to a destination."""
    return row(delay=delay, destination=destination, route=[HERE, "Nachher", destination], **more)


@pytest.mark.parametrize(
    ("informed", "other"),
    [
        ({"delay": 12}, {"realtime": False}),
        ({"cancelled": True}, {"realtime": False}),
        ({"delay": 12}, {"cancelled": True}),
        ({"delay": 12}, {"delay": 0}),
        ({"delay": -3}, {"delay": 0}),
        ({"delay": 12}, {"delay": 5}),
        ({"delay": 12}, {"delay": 12, "platform": ""}),
    ],
)
@pytest.mark.parametrize("flips", [False, True])
def test_of_two_rows_of_a_train_the_one_with_real_time_data_counts_in_any_order(
    informed: dict[str, Any], other: dict[str, Any], flips: bool
) -> None:
    pair = [row(**informed), row(**other)]
    for order in permutations(pair):
        station = Watched()
        for place, minute in enumerate(range(0, 60, 3)):
            rows = order[::-1] if flips and place % 2 else order
            station.board(f"12:{minute:02}", *rows, LATER)
        (decided,) = station.decisions
        cancelled = bool(informed.get("cancelled"))
        assert (decided.kind, decided.delay, decided.platform) == (
            "cancelled" if cancelled else "departed",
            None if cancelled else informed["delay"],
            "3",
        )


def test_a_row_that_leads_nowhere_does_not_stand_for_the_train() -> None:
    """S-Bahn Berlin sent such rows, with real-time data where the train's own row had none."""
    nowhere = row("4711", arrival="12:04", route=[HERE], destination=HERE)
    train = row("4711", arrival="12:04", route=THROUGH, realtime=False)
    for order in ([nowhere, train], [train, nowhere]):
        station = Watched()
        station.every_three_minutes("12:00", "12:15", *order)
        assert [(d.kind, d.destination, d.id) for d in station.decisions] == [("departed", "Ende", FIRST)]


def test_parts_for_different_destinations_are_a_departure_each() -> None:
    for order in permutations([to("Bayerau"), to("Tegernau", 4)]):
        station = Watched()
        station.every_three_minutes("12:00", "12:24", *order)
        assert {(d.id, d.kind, d.destination, d.delay) for d in station.decisions} == {
            (FIRST, "departed", "Bayerau", 2),
            (SECOND, "departed", "Tegernau", 4),
        }


def test_a_part_that_is_cancelled_is_no_departure() -> None:
    for order in permutations([to("Bayerau", cancelled=True), to("Tegernau")]):
        station = Watched()
        station.every_three_minutes("12:00", "12:24", *order)
        assert {(d.id, d.kind) for d in station.decisions} == {(FIRST, "cancelled"), (SECOND, "departed")}


def test_the_part_that_was_there_first_keeps_the_plain_id() -> None:
    station = Watched()
    station.every_three_minutes("11:30", "11:36", to("Tegernau", 4), LATER)
    station.every_three_minutes("11:39", "12:24", to("Bayerau"), to("Tegernau", 4), LATER)
    assert {(d.id, d.destination) for d in station.decisions} == {(FIRST, "Tegernau"), (f"{FIRST}|Bayerau", "Bayerau")}


def test_a_part_that_ends_earlier_keeps_its_id() -> None:
    station = Watched()
    station.every_three_minutes("11:30", "11:36", to("Bayerau"), to("Tegernau"), LATER)
    station.every_three_minutes("11:39", "12:24", to("Bayerau"), to("Nachher", 9), LATER)
    assert {(d.id, d.destination) for d in station.decisions} == {(FIRST, "Bayerau"), (SECOND, "Nachher")}


def test_parts_that_arrive_together_under_one_number_are_one_arrival() -> None:
    station = Watched()
    ends = [row(departure=None, arrival="12:05", route=[start, HERE]) for start in ("Bayerau", "Tegernau")]
    station.every_three_minutes("12:00", "12:15", *ends)
    assert [(d.kind, d.id) for d in station.decisions] == [("terminated", FIRST)]


def test_the_state_forgets_the_parts_two_days_later() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:24", to("Bayerau"), to("Tegernau"))
    assert station.station.wings
    assert msgspec.json.decode(msgspec.json.encode(station.station), type=StationState).wings == station.station.wings
    station.board("2026-03-12T12:00", LATER)
    assert not station.station.wings


@settings(max_examples=thorough(60), deadline=None)
@given(
    st.lists(
        st.tuples(st.permutations(["Bayerau", "Tegernau", "Ulmenau"]), st.integers(0, 3)), min_size=20, max_size=20
    )
)
def test_ids_never_swap_whichever_parts_a_board_shows_in_whatever_order(shown: list[tuple[list[str], int]]) -> None:
    station = Watched()
    station.board("11:57", to("Bayerau"), to("Tegernau"), to("Ulmenau"), LATER)
    for place, (order, count) in enumerate(shown):
        station.board(f"12:{place * 2:02}", *(to(name) for name in order[:count]), LATER)
    station.until("14:00")
    destinations = {(d.id, d.destination) for d in station.decisions}
    assert destinations <= {(FIRST, "Bayerau"), (SECOND, "Tegernau"), (f"{FIRST}|Ulmenau", "Ulmenau")}
    gone = [d.id for d in station.decisions if d.kind == "departed"]
    assert len(gone) == len(set(gone)) >= 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Köln Hbf", "Ko\u0308ln Hbf"),
        ("Köln Hbf", "Köln Hbf (tief)"),
        ("Köln Hbf", "koeln hauptbahnhof"),
        (HERE, f"{HERE} (tief)"),
    ],
)
def test_two_spellings_of_a_destination_are_one_train(one: str, other: str) -> None:
    rows = [to(one, 12), to(other, 0, realtime=False)]
    if one == HERE:
        rows = [shown | {"scheduledDeparture": None, "scheduledArrival": "12:05", "delayArrival": delay}
                for shown, delay in zip(rows, (12, 0), strict=True)]  # fmt: skip
    for order in permutations(rows):
        station = Watched()
        station.every_three_minutes("12:00", "12:33", *order, LATER)
        assert [(d.id, d.delay) for d in station.decisions] == [(FIRST, 12)]
