"""A board that looks back keeps a train for an hour after it left: one that vanishes earlier did not leave."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decision.handmade import HERE, Watched, at, clock_time, row
from tests.thoroughness import thorough
from zielzeit.berlin_time import MINUTE, Milliseconds, datetime_of
from zielzeit.decision.state import StationState

LEFT = row("2", "11:50")
LATER = row("3", "15:30")


def kinds(station: Watched, number: str = "1") -> list[str]:
    """Kinds of the decisions of one train, in order."""
    return [d.kind for d in station.decisions if d.number == number]


def test_a_late_train_that_is_cancelled_an_hour_after_its_plan_did_not_depart() -> None:
    """Its cancelled row counts from its planned time, so that it leaves the window at once."""
    station = Watched()
    station.every_three_minutes("12:00", "13:06", row("1", "12:00", 90), LEFT | {"scheduledDeparture": "12:50"}, LATER)
    station.every_three_minutes("13:09", "14:30", LEFT | {"scheduledDeparture": "12:50"}, LATER)
    assert kinds(station) == ["withdrawn"]


@pytest.mark.parametrize("shown", ["12:00", "12:03", "12:06", "12:09", "12:12"])
@pytest.mark.parametrize("arrives", [False, True])
def test_a_train_that_vanishes_around_its_departure_did_not_depart(shown: str, arrives: bool) -> None:
    where: dict[str, Any] = {"departure": None, "arrival": "12:05"} if arrives else {"departure": "12:05"}
    station = Watched()
    station.every_three_minutes("11:51", shown, row("1", **where), LEFT, LATER)
    station.every_three_minutes(clock_time(datetime_of(Milliseconds(at(shown) + 3 * MINUTE))), "12:40", LEFT, LATER)
    assert kinds(station) == ["withdrawn"]


def test_a_train_that_comes_back_departs() -> None:
    station = Watched()
    station.every_three_minutes("11:51", "12:06", row("1", "12:05"), LEFT, LATER)
    station.every_three_minutes("12:09", "12:18", LEFT, LATER)
    station.every_three_minutes("12:21", "12:30", row("1", "12:05", 14), LEFT, LATER)
    assert [(d.kind, d.delay, d.revision) for d in station.decisions if d.number == "1"] == [
        ("withdrawn", None, 0),
        ("departed", 14, 1),
    ]


def test_a_train_that_vanished_while_nobody_polled_may_have_left() -> None:
    for back, kind in (("12:57", "withdrawn"), ("13:01", "departed")):
        station = Watched()
        station.every_three_minutes("11:51", "12:03", row("1", "12:05", 2), LEFT, row("4", "12:45"), LATER)
        station.board(back, row("4", "12:45"), LATER)
        station.until("13:30")
        assert kinds(station) == [kind]


def test_default_boards_decide_as_ever() -> None:
    station = Watched()
    station.every_three_minutes("11:51", "12:03", row("1", "12:05"), row("4", "12:06"), LATER)
    station.every_three_minutes("12:09", "12:30", LATER)
    assert (kinds(station), kinds(station, "4")) == (["departed"], ["departed"])


def test_where_hardly_any_trains_run_an_earlier_board_tells_that_boards_look_back() -> None:
    """One train after the other, each alone on the boards; from noon on the poller asks for default boards."""
    station = Watched()
    for number, hour in enumerate((8, 10, 12, 14), start=5):
        time = f"{hour:02}:05"
        until = f"{hour + 1:02}:06" if hour < 12 else f"{hour:02}:03"
        station.every_three_minutes(f"{hour - 1:02}:30", until, row(str(number), time))
        station.board(f"{hour + 1:02}:09" if hour < 12 else f"{hour:02}:06", row("9", f"{hour + 3:02}:30"))
        station.board(f"{hour + 1:02}:12" if hour < 12 else f"{hour:02}:15", row("9", f"{hour + 3:02}:30"))
    assert [kinds(station, number) for number in "5678"] == [["departed"], ["departed"], ["withdrawn"], ["departed"]]


def test_a_train_whose_real_time_data_is_gone_may_have_left() -> None:
    """Without them its row counts from its plan, and is gone an hour after that."""
    station = Watched()
    other = row("4", "12:50", 2)
    station.every_three_minutes("12:00", "12:57", row("1", "12:00", 55), other, LATER)
    station.every_three_minutes("13:00", "13:00", row("1", "12:00", realtime=False), other, LATER)
    station.every_three_minutes("13:03", "13:30", other, LATER)
    assert not station.refused
    assert kinds(station) == ["departed"]


def test_a_train_that_is_cut_short_here_has_arrived_when_its_row_is_gone() -> None:
    """Its row counts from the departure that it does not have: IC 145 in Berlin, arrival +157, departure +100."""
    station = Watched()
    route = ["Anfang", HERE, {"name": "Ende", "isCancelled": 1}]
    train = row("145", "11:03", 40, arrival="11:00", arrival_delay=97, route=route)
    station.every_three_minutes("12:00", "12:39", train, row("4", "12:20"), LATER)
    station.every_three_minutes("12:42", "12:54", row("4", "12:20"), LATER)
    assert [(d.kind, d.delay) for d in station.decisions if d.number == "145"] == [("terminated", 97)]


def test_the_state_keeps_what_boards_told() -> None:
    station = Watched()
    station.every_three_minutes("11:51", "12:06", row("1", "12:05"), LEFT, LATER)
    station.board("12:09", LEFT, LATER)
    read = msgspec.json.decode(msgspec.json.encode(station.station), type=StationState)
    assert read.looks_back
    assert [entry.did_not_leave for entry in read.entries.values() if entry.row.train_number == "1"] == [True]


@settings(max_examples=thorough(80), deadline=None)
@given(
    st.integers(25, 60),
    st.integers(0, 120),
    st.lists(st.integers(0, 100), min_size=12, max_size=12),
    st.integers(1, 9),
    st.booleans(),
)
def test_no_train_that_a_board_dropped_within_its_hour_has_departed(
    planned: int, delay: int, others: list[int], every: int, comes_back: bool
) -> None:
    """Trains leave every quarter of an hour, so that each board shows one that has left."""
    start, station = at("10:00"), Watched()
    gone_at = planned + delay + 3
    for minute in range(0, 300, every):
        rows = [
            row(f"9{number}", clock(20 * number), late % 19)
            for number, late in enumerate(others)
            if 20 * number - 120 < minute <= 20 * number + late % 19 + 60
        ]
        shown = minute < gone_at or (comes_back and minute >= gone_at + 2 * every + 8)
        if planned - 120 < minute <= planned + delay + 60 and shown:
            rows.append(row("1", clock(planned), delay))
        station.board(datetime_of(Milliseconds(start + minute * MINUTE)).isoformat(), *rows)
    if "departed" in kinds(station):
        assert comes_back
    assert all(set(kinds(station, f"9{number}")) == {"departed"} for number in range(3, 10))


def clock(minute: int) -> str:
    """``HH:MM`` so many minutes after ten o'clock."""
    return clock_time(datetime_of(Milliseconds(at("10:00") + minute * MINUTE)))


@pytest.mark.parametrize("stops", [3, 10, 45])
def test_the_row_of_a_run_that_is_cut_short_does_not_show_that_boards_look_back(stops: int) -> None:
    """It stands until the departure that the train does not have; default boards drop the others when they leave."""
    cut = row("5", clock(stops), arrival="10:00", route=["Anfang", HERE, {"name": "Ende", "isCancelled": 1}])
    others = [row(str(10 + minute), clock(minute), 1) for minute in range(-20, 60, 7)]
    station = Watched()
    for minute in range(-40, 70, 3):
        shown = [one for one, leaves in zip(others, range(-20, 60, 7), strict=True) if minute <= leaves + 1]
        station.board(clock(minute), *([cut] if minute <= stops else []), *shown, row("3", "12:30"))
    assert {d.kind for d in station.decisions if d.number != "5"} == {"departed"}
    assert len(station.decisions) > 10
