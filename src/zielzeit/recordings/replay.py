"""Replay: recorded boards into Kafka with their own times, as fast as possible or at a multiple of real time."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from threading import Event
from time import monotonic
from typing import Protocol

import msgspec

from zielzeit.boards.record import BoardRecord
from zielzeit.progress import SILENT, Step

_READ_AHEAD = 32
"""Boards that are read while earlier ones are sent."""


class Publisher(Protocol):
    """What takes the boards: ``zielzeit.kafka.producer.BoardProducer``."""

    def publish(self, record: BoardRecord) -> None: ...
    def serve(self) -> None: ...


class Pace:
    """When each board is due, if the first one is due at once and time runs ``speed`` times as fast as it did."""

    def __init__(self, speed: float, clock: Callable[[], float] = monotonic) -> None:
        self._speed = speed
        self._clock = clock
        self._origin: tuple[datetime, float] | None = None

    def wait_seconds(self, at: datetime) -> float:
        """Seconds until the board of this time is due; 0 or less if it is due already."""
        if self._origin is None:
            self._origin = (at, self._clock())
        first, started = self._origin
        return started + (at - first).total_seconds() / self._speed - self._clock()


def replay(
    boards: Iterable[BoardRecord],
    publisher: Publisher,
    *,
    speed: float | None,
    past: bool,
    stop: Event,
    step: Step = SILENT,
) -> Counter[str]:
    """Publish the boards until they end or ``stop`` is set; returns the number of boards per station.

    ``speed`` is a multiple of real time, or None for as fast as possible. ``past`` marks the boards as polled with
    ``past=1``, in their header ``url``. ``step`` counts the boards.
    """
    pace = Pace(speed) if speed else None
    counts: Counter[str] = Counter()
    with closing(_ahead(boards)) as read:
        for board in read:
            while pace and (wait := pace.wait_seconds(board.polled_at)) > 0 and not stop.wait(min(wait, 1.0)):
                publisher.serve()
            if stop.is_set():
                break
            publisher.publish(msgspec.structs.replace(board, url=f"{board.url}?past=1") if past else board)
            counts[board.station] += 1
            step.advance()
    return counts


def _ahead(boards: Iterable[BoardRecord]) -> Generator[BoardRecord, None, None]:
    """The boards in order, read by a thread of their own: decompressing a file leaves the interpreter to others."""
    iterator = iter(boards)
    with ThreadPoolExecutor(1, thread_name_prefix="read") as reader:
        waiting = deque(reader.submit(next, iterator, None) for _ in range(_READ_AHEAD))
        try:
            while (board := waiting.popleft().result()) is not None:
                waiting.append(reader.submit(next, iterator, None))
                yield board
        finally:
            reader.shutdown(cancel_futures=True)
