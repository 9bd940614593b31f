"""The two rules: settled rows of boards that keep the past, silence of those that do not."""

from __future__ import annotations

import pytest

from tests.decision.handmade import Watched, clock_time, row
from zielzeit.decision.rules import Rules


def test_a_train_that_fell_silent_has_departed_when_it_was_last_seen() -> None:
    """The source talk's example: reports 12:13 … 12:21, seven minutes of silence, decided at 12:28 plus grace."""
    station = Watched(grace=5)
    for minute in (13, 15, 17, 19, 21):
        station.board(f"12:{minute}", row("1", "12:20", minute - 13), row("2", "14:00"))
    assert not station.board("12:24", row("2", "14:00"))
    assert not station.until("12:27:59")
    (departed,) = station.until("12:28")
    assert (departed.kind, departed.rule, departed.delay) == ("departed", "silence", 8)
    assert [clock_time(moment) for moment in (departed.last_seen, departed.decided_at)] == ["12:21", "12:33"]
    assert clock_time(departed.first_missing) == "12:24"  # type: ignore[arg-type]


def test_a_row_that_stays_settles_once_its_departure_lies_far_enough_back() -> None:
    station = Watched(Rules(settle=8), grace=5)
    assert not station.every_three_minutes("12:00", "12:12", row("1", "12:05", 2))
    (departed,) = station.board("12:15", row("1", "12:05", 2))
    assert (departed.kind, departed.rule, departed.delay, departed.revision) == ("departed", "settled", 2, 0)
    assert clock_time(departed.decided_at) == "12:20"


def test_a_true_minute_posted_late_restarts_the_settling() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:09", row("1", "12:05", 0))
    assert not station.every_three_minutes("12:12", "12:15", row("1", "12:05", 6))
    assert not station.board("12:18", row("1", "12:05", 6))
    (departed,) = station.board("12:21", row("1", "12:05", 6))
    assert departed.delay == 6


def test_one_board_alone_settles_nothing() -> None:
    station = Watched()
    assert not station.board("12:30", row("1", "12:05", 2))
    assert len(station.board("12:33", row("1", "12:05", 2))) == 1


def test_a_true_minute_posted_after_the_decision_is_a_correction() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:15", row("1", "12:05", 0))
    assert station.kinds() == ["departed"]
    station.every_three_minutes("12:18", "12:27", row("1", "12:05", 44))
    corrected = station.decisions[-1]
    assert (station.kinds(), corrected.delay, corrected.revision) == (["departed", "corrected"], 44, 1)


def test_a_glitch_of_one_board_corrects_nothing() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:15", row("1", "12:05", 0))
    station.board("12:18", row("1", "12:05", 30))
    station.every_three_minutes("12:21", "12:30", row("1", "12:05", 0))
    assert station.kinds() == ["departed"]


def test_a_row_that_leaves_the_board_after_an_hour_is_not_decided_again() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "13:03", row("1", "12:05", 0), row("2", "14:30"))
    station.every_three_minutes("13:06", "13:30", row("2", "14:30"))
    assert station.kinds() == ["departed"]


def test_a_row_that_vanishes_at_its_believed_minute_while_the_train_still_stands() -> None:
    """The usual case without past=1: the row is gone at 12:05, the train leaves at 12:09, nobody says so."""
    station = Watched()
    station.every_three_minutes("11:45", "12:03", row("1", "12:05", 0), row("2", "14:00"))
    station.every_three_minutes("12:06", "12:15", row("2", "14:00"))
    (departed,) = station.decisions
    assert (departed.kind, departed.delay) == ("departed", 0)


def test_without_a_newer_board_nobody_has_departed() -> None:
    station = Watched(Rules(max_silence=60))
    station.board("12:00", row("1", "12:05"))
    assert not station.until("13:04")
    (undecided,) = station.until("13:05")
    assert (undecided.kind, undecided.delay, undecided.first_missing) == ("undecided", None, None)


def test_a_gap_of_minutes_between_polls_is_bridged() -> None:
    station = Watched()
    station.board("12:00", row("1", "12:05", 3), row("2", "15:00"))
    (departed,) = station.board("12:40", row("2", "15:00"))
    assert (departed.kind, departed.delay) == ("departed", 3)


def test_two_pollers_at_once_are_a_station_with_twice_as_many_boards() -> None:
    """Their boards lie a second apart: there is one departure, and what both show at one moment has not stood yet."""
    station = Watched()
    for minute in range(0, 24, 3):
        delay = 5 if minute < 18 else 3
        for second in ("00", "01"):
            station.board(f"12:{minute:02}:{second}", row("1", "12:05", delay), row("2", "14:00"))
        assert len(station.decisions) == (minute >= 21)
    assert [(d.kind, d.delay, d.revision) for d in station.decisions] == [("departed", 3, 0)]


def test_a_gap_of_hours_leaves_trains_undecided() -> None:
    station = Watched()
    station.board("09:00", row("1", "09:05"), row("2", "11:30"))
    assert [d.kind for d in station.board("12:30", row("3", "14:00"))] == ["undecided", "undecided"]


def test_an_undecided_train_that_is_back_is_decided_after_all() -> None:
    station = Watched()
    station.board("09:00", row("1", "09:05"))
    station.every_three_minutes("10:12", "10:15", row("1", "09:05", 20))
    assert [(d.kind, d.revision) for d in station.decisions] == [("undecided", 0), ("departed", 1)]


def test_a_row_that_vanishes_long_before_its_time_has_until_then_to_come_back() -> None:
    station = Watched()
    station.every_three_minutes("10:00", "10:06", row("1", "12:05"), row("2", "12:40"))
    station.every_three_minutes("10:09", "10:21", row("2", "12:40"))
    station.every_three_minutes("10:24", "12:15", row("1", "12:05"), row("2", "12:40"))
    assert station.kinds() == ["departed"]


def test_a_row_that_vanishes_long_before_its_time_and_stays_away_is_withdrawn() -> None:
    station = Watched()
    station.every_three_minutes("10:00", "10:06", row("1", "12:05", 10), row("2", "14:00"))
    station.every_three_minutes("10:09", "12:30", row("2", "14:00"))
    (withdrawn,) = station.decisions
    assert (withdrawn.kind, withdrawn.delay, clock_time(withdrawn.decided_at)) == ("withdrawn", None, "12:22")


def test_a_row_that_flickers_is_decided_once() -> None:
    station = Watched()
    train, other = row("1", "12:05", 2), row("2", "14:00")
    for minute in range(0, 36, 3):
        station.board(f"12:{minute:02}", *([train, other] if minute % 6 == 0 else [other]))
    assert [(d.kind, d.delay) for d in station.decisions if d.kind != "late"] == [("departed", 2)]


def test_silence_that_is_over_counts_even_if_the_train_is_on_the_next_board() -> None:
    """A gap that has closed is closed, whether or not anybody looked at the clock in between."""
    station = Watched()
    station.board("12:00", row("1", "12:00"), row("2", "14:00"))
    station.board("12:03", row("2", "14:00"))
    found = station.board("12:20", row("1", "12:00", 21), row("2", "14:00"))
    assert [d.kind for d in found] == ["departed", "late"]
    assert found[1].id == found[0].id


@pytest.mark.parametrize("gap", [3, 7, 15])
def test_the_gap_is_the_settings(gap: int) -> None:
    station = Watched(Rules(gap=gap))
    station.board("12:00", row("1", "12:00"), row("2", "14:00"))
    station.board("12:02", row("2", "14:00"))
    assert not station.until(f"12:{gap - 1:02}:59")
    assert len(station.until(f"12:{gap:02}")) == 1
