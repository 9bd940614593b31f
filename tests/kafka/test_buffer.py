"""Writers wait while the buffer is full, and no longer."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from zielzeit.kafka.buffer import Buffer


def never() -> bool:
    return False


def always() -> bool:
    return True


def test_boards_and_bytes_are_limited() -> None:
    few = Buffer(most_boards=2, most_bytes=1000)
    assert [few.take(10, always) for _ in range(3)] == [True, True, False]
    small = Buffer(most_boards=1000, most_bytes=100)
    assert [small.take(40, always) for _ in range(3)] == [True, True, False]
    assert (few.boards, small.boards) == (2, 2)


def test_a_board_larger_than_the_buffer_waits_until_it_is_empty_and_then_fits() -> None:
    buffer = Buffer(most_boards=10, most_bytes=100)
    assert buffer.take(60, never)
    assert not buffer.take(500, always)
    buffer.release(60)
    assert buffer.take(500, never)
    assert not buffer.take(1, always)


def test_a_writer_goes_on_when_there_is_room_again() -> None:
    buffer = Buffer(most_boards=1, most_bytes=100)
    assert buffer.take(1, never)
    threading.Timer(0.1, buffer.release, [1]).start()
    assert buffer.take(1, never)
    assert buffer.boards == 1


def test_short_waits_are_not_told_and_a_long_one_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zielzeit.kafka.buffer._WAIT_SECONDS", 0.01)
    for seconds, told in ((5.0, 0), (0.05, 2)):
        monkeypatch.setattr("zielzeit.kafka.buffer._FULL_SECONDS", seconds)
        buffer = Buffer(most_boards=1, most_bytes=100)
        buffer.take(1, never)
        threading.Timer(0.2, buffer.release, [1]).start()
        with caplog.at_level(logging.WARNING, "zielzeit.kafka.buffer"):
            buffer.take(1, never)
        assert len(caplog.records) == told


def test_many_threads_never_take_more_room_than_there_is() -> None:
    buffer, most = Buffer(most_boards=5, most_bytes=10_000), list[int]()

    def write() -> None:
        for _ in range(200):
            buffer.take(1, never)
            most.append(buffer.boards)
            buffer.release(1)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) <= 5
    assert buffer.wait_until_empty()


def test_a_full_buffer_is_waited_for_no_longer_than_a_moment() -> None:
    buffer = Buffer(most_boards=5, most_bytes=10_000)
    buffer.take(1, never)
    began = time.monotonic()
    assert not buffer.wait_until_empty()
    assert time.monotonic() - began < 2
