"""Replay keeps the recording's pace and stops when asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Timer

import pytest

from zielzeit.boards.record import BoardRecord
from zielzeit.errors import UserError
from zielzeit.recordings.replay import Pace, replay

START = datetime(2024, 10, 30, 15, 30, tzinfo=UTC)


class Collected:
    """Takes the boards instead of Kafka."""

    def __init__(self) -> None:
        self.boards: list[BoardRecord] = []

    def publish(self, record: BoardRecord) -> None:
        self.boards.append(record)

    def serve(self) -> None: ...


def boards(count: int) -> list[BoardRecord]:
    return [
        BoardRecord(station="X", body=b"{}", polled_at=START + timedelta(minutes=3 * n), source="replay", url=f"x/{n}")
        for n in range(count)
    ]


def test_a_board_is_due_at_a_multiple_of_real_time() -> None:
    now = 100.0
    pace = Pace(60, clock=lambda: now)
    assert pace.wait_seconds(START) == 0
    assert pace.wait_seconds(START + timedelta(minutes=3)) == pytest.approx(3)
    now = 104.0
    assert pace.wait_seconds(START + timedelta(minutes=3)) == pytest.approx(-1)


def test_without_a_speed_nothing_is_waited_for() -> None:
    kafka = Collected()
    started = time.monotonic()
    assert replay(boards(1000), kafka, speed=None, past=False, stop=Event()) == {"X": 1000}
    assert time.monotonic() - started < 1


def test_at_a_speed_the_last_board_comes_when_it_is_due() -> None:
    started = time.monotonic()
    replay(boards(3), Collected(), speed=600, past=False, stop=Event())
    assert 0.6 <= time.monotonic() - started < 1.5


def test_a_stop_ends_a_long_wait_at_once() -> None:
    stop, kafka = Event(), Collected()
    Timer(0.1, stop.set).start()
    started = time.monotonic()
    assert replay(boards(2), kafka, speed=0.01, past=False, stop=stop) == {"X": 1}
    assert time.monotonic() - started < 1


def test_boards_are_read_in_order_and_not_far_ahead_and_an_error_ends_the_replay() -> None:
    read: list[int] = []

    def reading() -> Iterator[BoardRecord]:
        for number, board in enumerate(boards(500)):
            if number == 400:
                raise UserError("the file is broken")
            read.append(number)
            yield board

    class Watching(Collected):
        def publish(self, record: BoardRecord) -> None:
            super().publish(record)
            assert len(read) - len(self.boards) < 100

    kafka = Watching()
    with pytest.raises(UserError, match="the file is broken"):
        replay(reading(), kafka, speed=None, past=False, stop=Event())
    assert [board.url for board in kafka.boards] == [f"x/{number}" for number in range(400)]


def test_past_is_noted_in_the_url() -> None:
    kafka = Collected()
    replay(boards(1), kafka, speed=None, past=True, stop=Event())
    assert kafka.boards[0].url == "x/0?past=1"
