"""Recorded boards decided without Flink: the same rules, boards already in order."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.decision.handmade import at, body, row
from zielzeit import berlin_time
from zielzeit.berlin_time import Milliseconds
from zielzeit.boards.record import BoardRecord
from zielzeit.decision.decider import Decider, RejectedBoard
from zielzeit.decision.offline import decide
from zielzeit.decision.rules import Rules
from zielzeit.events.structs import Decision

DECIDER = Decider(Rules(), grace=5)


def board(station: str, time: str, *rows: dict[str, object], value: bytes | None = None) -> BoardRecord:
    """A recorded board."""
    polled_at: datetime = berlin_time.datetime_of(at(time))
    return BoardRecord(station=station, body=value or body(*rows), polled_at=polled_at, source="replay", url="")


def kinds(boards: list[BoardRecord]) -> list[tuple[str, str]]:
    """Station and kind of every decision."""
    return [(name, o.kind) for name, _, o in decide(boards, DECIDER) if isinstance(o, Decision)]


def test_stations_are_decided_each_for_itself() -> None:
    boards = [
        board(name, f"12:{minute:02}", row("1", "12:05"))
        for minute in range(0, 21, 3)
        for name in ("A", "B")
        if name == "A" or minute < 6
    ]
    assert kinds(boards) == [("A", "departed")]


def test_time_passes_to_the_end_of_the_recording_and_no_further() -> None:
    other = [board("B", f"13:{minute}", row("2", "14:00")) for minute in (10, 14)]
    ends = [board("A", "12:00", row("1", "12:00")), board("A", "12:03", row("9", "13:30"))]
    assert kinds(ends) == []
    assert kinds([*ends, *other]) == [("A", "departed")]


def test_of_two_boards_of_one_instant_the_whole_one_counts_in_either_order() -> None:
    whole = [board("A", "12:00", row("1", "12:05")), board("A", "12:20", row("1", "12:05"))]
    broken = board("A", "12:20", value=whole[1].body[:40])
    for boards in ([*whole, broken], [whole[0], broken, whole[1]]):
        found = [outcome for _, _, outcome in decide(boards, DECIDER)]
        assert not [outcome for outcome in found if isinstance(outcome, RejectedBoard)]
        assert kinds(boards) == [("A", "departed")]


def test_a_body_that_is_no_board_is_named_and_the_rest_decided() -> None:
    boards = [board("A", f"12:{minute:02}", row("1", "12:05")) for minute in range(0, 21, 3)]
    boards.insert(3, board("A", "12:07", value=b"<html>502</html>"))
    found = [outcome for _, _, outcome in decide(boards, DECIDER)]
    assert [o.reason[:21] for o in found if isinstance(o, RejectedBoard)] == ["the body is no board:"]
    assert kinds(boards) == [("A", "departed")]


def test_a_time_that_cannot_be_is_refused() -> None:
    strange = BoardRecord(
        station="A",
        body=body(row()),
        polled_at=berlin_time.datetime_of(Milliseconds(0)) - timedelta(days=40),
        source="replay",
        url="",
    )
    ((_, _, outcome),) = decide([strange], DECIDER)
    assert isinstance(outcome, RejectedBoard)
    assert "polled" in outcome.reason
