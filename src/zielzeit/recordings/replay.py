"""Recorded boards into Kafka with their own times, as fast as it goes or at a multiple of real time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from threading import Event
from time import monotonic
from typing import Protocol

import msgspec

from zielzeit.boards.record import BoardRecord


class Publisher(Protocol):
    """What takes the boards: ``zielzeit.kafka.producer.BoardProducer``."""

    def publish(self, record: BoardRecord) -> None: ...
    def serve(self) -> None: ...


class Pace:
    """When a board is due if the first one is due now and time runs ``speed`` times as fast as it did."""

    def __init__(self, speed: float, clock: Callable[[], float] = monotonic) -> None:
        self._speed = speed
        self._clock = clock
        self._origin: tuple[datetime, float] | None = None

    def wait_seconds(self, at: datetime) -> float:
        """Seconds from now until the board of that time is due; 0 or less where it is."""
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
    on_board: Callable[[BoardRecord], object] = lambda board: None,
) -> Counter[str]:
    """Publish the boards until they end or ``stop`` is set; returns how many per station.

    ``speed`` None: without waiting. ``past`` notes in the header ``url`` that the boards were polled with ``past=1``.
    """
    pace = Pace(speed) if speed else None
    counts: Counter[str] = Counter()
    for board in boards:
        while pace and (wait := pace.wait_seconds(board.polled_at)) > 0 and not stop.wait(min(wait, 1.0)):
            publisher.serve()
        if stop.is_set():
            break
        publisher.publish(msgspec.structs.replace(board, url=f"{board.url}?past=1") if past else board)
        counts[board.station] += 1
        on_board(board)
    return counts
