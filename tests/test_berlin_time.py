"""Dates are resolved from bare HH:MM against the time of the poll, over midnight and both clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decision.handmade import at
from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, BoardClock, WallMinutes, minute_begin, wall_to_utc

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def shown(polled_at: str, hhmm: str) -> str:
    """Wall time, with its date, that a board of a moment means by HH:MM."""
    return berlin_time.wall_datetime(BoardClock(at(polled_at)).wall(hhmm)).isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("polled_at", "hhmm", "meant"),
    [
        ("2024-10-30T12:00", "12:05", "2024-10-30T12:05"),
        ("2024-10-30T12:00", "11:05", "2024-10-30T11:05"),
        ("2024-10-30T22:30", "00:15", "2024-10-31T00:15"),  # a row of the next day
        ("2024-10-31T00:10", "23:50", "2024-10-30T23:50"),  # yesterday's train, late
        ("2024-10-31T06:00", "18:30", "2024-10-30T18:30"),  # eleven hours late
        ("2024-12-31T23:00", "01:59", "2025-01-01T01:59"),
        ("2024-02-28T23:00", "00:30", "2024-02-29T00:30"),
    ],
)
def test_a_time_of_day_is_on_the_latest_day_that_the_board_can_see(polled_at: str, hhmm: str, meant: str) -> None:
    assert shown(polled_at, hhmm) == meant


def test_the_hour_that_spring_leaves_out_moves_on_by_an_hour() -> None:
    wall = WallMinutes(berlin_time.wall_minutes(datetime(2026, 3, 29, 1, 30, tzinfo=berlin_time.BERLIN)) + 60)
    assert berlin_time.datetime_of(minute_begin(wall_to_utc(wall))).isoformat() == "2026-03-29T03:30:00+02:00"


def test_a_board_before_the_spring_change_dates_rows_after_it() -> None:
    board = BoardClock(at("2026-03-29T00:30"))
    assert berlin_time.datetime_of(board.instant(board.wall("03:10"))).isoformat() == "2026-03-29T03:10:00+02:00"


def test_the_hour_that_autumn_repeats_has_two_instants_an_hour_apart() -> None:
    wall = berlin_time.wall_minutes(datetime(2026, 10, 25, 2, 30, tzinfo=berlin_time.BERLIN))
    assert berlin_time.is_repeated(wall)
    assert wall_to_utc(wall, 1) - wall_to_utc(wall, 0) == 60
    assert not berlin_time.is_repeated(WallMinutes(wall + 60))
    assert not berlin_time.is_repeated(WallMinutes(wall - 60))


def test_a_board_knows_whether_it_can_show_the_repeated_hour() -> None:
    assert BoardClock(at("2026-10-25T01:00")).has_repeated_hour
    assert not BoardClock(at("2026-10-24T12:00")).has_repeated_hour
    assert not BoardClock(at("2026-03-29T01:00")).has_repeated_hour


@pytest.mark.parametrize("text", ["", "9:15", "24:00", "12:60", "12.30", "-1:30", "12:30:00", "ab:cd", "1２:30x"])
def test_what_is_no_time_of_day_is_not_taken_for_one(text: str) -> None:
    assert text not in berlin_time.MINUTE_OF_DAY


@given(
    polled=st.integers(0, 6 * 365 * 24 * 60).map(lambda minute: FIRST + timedelta(minutes=minute)),
    ahead=st.integers(min_value=-19 * 60, max_value=3 * 60),
)
def test_any_planned_time_in_reach_of_a_board_is_found_again(polled: datetime, ahead: int) -> None:
    planned = polled + timedelta(minutes=ahead)
    wall = berlin_time.wall_minutes(planned)
    board = BoardClock(berlin_time.milliseconds(polled))
    assert board.wall(planned.astimezone(berlin_time.BERLIN).strftime("%H:%M")) == wall
    instant = berlin_time.milliseconds(planned)
    assert board.instant(wall) in (instant, instant - 60 * MINUTE if berlin_time.is_repeated(wall) else instant)
