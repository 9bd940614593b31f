"""Event-time timers of many keys in memory: what Flink's timer service does, for ``decide`` and the tests."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush

from zielzeit.berlin_time import Milliseconds

BEFORE_ALL = Milliseconds(-(2**62))
"""The watermark before the first element."""


class EventTimeTimers:
    """Timers that fire in order of time and key. A key has at most one timer for an instant, as in Flink."""

    def __init__(self) -> None:
        self._order: list[tuple[Milliseconds, str]] = []
        self._registered: set[tuple[Milliseconds, str]] = set()

    def __len__(self) -> int:
        return len(self._registered)

    def register(self, key: str, at: Milliseconds) -> None:
        """Register a timer."""
        if (at, key) not in self._registered:
            self._registered.add((at, key))
            heappush(self._order, (at, key))

    def delete(self, key: str, at: Milliseconds) -> None:
        """Delete a timer; one that does not exist is ignored."""
        self._registered.discard((at, key))

    def fire(self, watermark: Milliseconds) -> Iterator[tuple[Milliseconds, str]]:
        """Yield ``(time, key)`` of each timer up to the watermark, also of those registered meanwhile."""
        while self._order and self._order[0][0] <= watermark:
            timer = heappop(self._order)
            if timer in self._registered:
                self._registered.remove(timer)
                yield timer
