"""Boards that must not be believed: a dead feed, another station's board, an incomplete one."""

from __future__ import annotations

from tests.decision.handmade import Watched, row
from zielzeit.decision.decider import RejectedBoard
from zielzeit.metrics.job import JOB

OWN = [row(str(number), f"12:{number}") for number in range(40, 60, 4)]
OTHER = [row(str(number), f"12:{number - 100}", 3) for number in range(141, 160, 4)]
LATE = [row(str(number), f"12:{number}", 25) for number in (10, 12, 14)]


def without_realtime(*rows: dict[str, object]) -> list[dict[str, object]]:
    """What a dead feed makes of rows."""
    return [r | {"delayDeparture": 0, "isCancelled": 0, "missingRealtime": True} for r in rows]


def test_a_dead_feed_for_one_board_changes_nothing() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:18", *LATE, *OWN)
    station.board("12:21", *without_realtime(*LATE, *OWN))
    station.every_three_minutes("12:24", "12:48", *LATE, *OWN)
    assert [d.delay for d in station.decisions if d.number in ("10", "12", "14")] == [25, 25, 25]
    assert "real-time feed seems dead" in station.refused[0]
    assert len(station.refused) == 1


def test_a_dead_feed_for_minutes_at_a_small_station_lets_no_late_train_depart() -> None:
    station = Watched()
    late = row("1", "12:05", 40)
    station.every_three_minutes("12:00", "12:12", late)
    station.every_three_minutes("12:15", "12:30", *without_realtime(late))
    assert not station.decisions
    station.every_three_minutes("12:33", "12:54", late)
    assert [(d.kind, d.delay) for d in station.decisions] == [("departed", 40)]


def test_a_dead_feed_does_not_make_a_cancelled_train_run() -> None:
    station = Watched()
    cancelled = row("1", "12:05", cancelled=True)
    station.every_three_minutes("11:30", "11:57", cancelled)
    station.every_three_minutes("12:00", "12:18", *without_realtime(cancelled))
    station.every_three_minutes("12:21", "12:24", cancelled)
    assert station.kinds() == ["cancelled"]


def test_a_row_that_alone_loses_its_real_time_keeps_what_was_known() -> None:
    station = Watched()
    one, speaking = row("1", "12:05", 20), row("2", "12:50", 5)
    station.every_three_minutes("12:00", "12:12", one, speaking)
    station.every_three_minutes("12:15", "12:33", *without_realtime(one), speaking)
    assert [(d.number, d.delay) for d in station.decisions] == [("1", 20)]


def test_punctual_trains_whose_real_time_ends_are_no_dead_feed() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:06", row("1", "12:05"), row("2", "12:50"))
    station.every_three_minutes("12:09", "12:15", *without_realtime(row("1", "12:05")), row("2", "12:50"))
    assert not station.refused
    assert station.kinds() == ["departed"]


def test_another_stations_board_leaves_no_trace() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:15", *OWN)
    station.board("12:18", *OTHER)
    station.every_three_minutes("12:21", "12:36", *OWN)
    assert not station.decisions
    assert "another station's board" in station.refused[0]
    assert len(station.station.entries) == len(OWN)


def test_another_stations_board_at_a_station_with_hardly_any_trains() -> None:
    """One train to come, and a board that has other ones: nothing departs that was never here."""
    station = Watched()
    own = row("1", "13:30")
    station.every_three_minutes("12:00", "12:15", own)
    station.board("12:18", row("500", "12:16", 4), row("501", "12:50"))
    station.every_three_minutes("12:21", "13:39", own)
    assert [(d.kind, d.number) for d in station.decisions if d.kind == "departed"] == [("departed", "1")]


def test_the_first_board_may_be_another_stations() -> None:
    station = Watched()
    station.board("12:00", *OTHER)
    station.every_three_minutes("12:03", "13:09", *OWN)
    departed = {d.number for d in station.decisions if d.kind == "departed"}
    assert departed == {str(number) for number in range(40, 60, 4)}
    assert len(station.refused) == 1


def test_after_another_stations_first_board_a_train_that_leaves_at_once_has_departed() -> None:
    station = Watched()
    station.board("12:00", *OTHER)
    station.every_three_minutes("12:03", "12:06", row("1", "12:08"), *OWN)
    station.every_three_minutes("12:09", "12:18", *OWN)
    assert [(d.kind, d.number) for d in station.decisions] == [("departed", "1")]


def test_an_incomplete_board_makes_nobody_vanish() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:15", *OWN)
    station.every_three_minutes("12:18", "12:18", OWN[0])
    station.every_three_minutes("12:21", "12:30", *OWN)
    assert not station.decisions
    assert "4 of 5 trains still to come are missing" in station.refused[0]


def test_two_boards_that_agree_are_believed_against_the_one_before() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:15", *OWN)
    station.every_three_minutes("12:18", "13:15", OWN[0], row("7", "13:05"))
    assert {d.number for d in station.decisions if d.kind == "departed"} == {"40", "7"}
    assert {d.number for d in station.decisions if d.kind == "withdrawn"} == {"44", "48", "52", "56"}


def test_after_a_night_without_trains_a_board_whose_routes_do_not_lead_here_proves_nothing() -> None:
    station = Watched()
    station.every_three_minutes("00:00", "00:15", row("1", "00:02"))
    station.board("02:00", row("99", "02:01", 1, route=("Anderswo", "Nachher", "Ende")))
    station.every_three_minutes("02:30", "02:45", row("2", "05:33"))
    assert [(d.number, d.kind) for d in station.decisions if d.kind != "undecided"] == [("1", "departed")]


def test_a_train_whose_route_names_the_station_otherwise_is_believed_from_its_second_board() -> None:
    station = Watched()
    below = row("99", "12:05", route=("Musterstadt Hbf (tief)", "Ende"))
    station.every_three_minutes("12:00", "12:15", row("1", "12:50"), below)
    assert [(d.number, d.kind) for d in station.decisions] == [("99", "departed")]


def test_a_dead_letter_tells_its_cause_apart_from_its_words() -> None:
    """Metrics count causes: there must be few, and always the same."""
    station = Watched()
    station.every_three_minutes("12:00", "12:15", *LATE, *OWN)
    station.board("12:18", *OTHER)
    station.board("12:21", *without_realtime(*LATE, *OWN))
    station.bytes("12:24", b"<html>502</html>")
    station.board("12:27", *LATE, *OWN, row("99", "25:99"))
    station.board("12:30", row("5", "11:00"), *LATE, *OWN)
    station.bytes("9999-01-01T00:00", b"{}")
    causes = [output.cause for output in station.outputs if isinstance(output, RejectedBoard)]
    assert causes == ["other_board", "dead_feed", "unreadable", "unreadable_row", "old_board", "impossible_time"]
    (dead_letters,) = (metric for metric in JOB if metric.name == "dead_letters_total")
    assert {(cause,) for cause in causes} == set(dead_letters.known())
