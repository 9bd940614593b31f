"""Which train has something to do next: instants by train, of which the earliest is asked for again and again. Pure."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final

from zielzeit.berlin_time import Milliseconds

_SPARE: Final = 1_000
"""So many outdated entries are kept at least, before the heap is built anew."""


class DueTrains:
    """At most one instant for each train; to move it is to leave an outdated entry in the heap, which is skipped."""

    def __init__(self) -> None:
        self._due: dict[str, Milliseconds] = {}
        self._heap: list[tuple[Milliseconds, str]] = []

    def move(self, train: str, due: Milliseconds | None) -> None:
        """Replace the instant of a train; None: it has nothing to do."""
        if due is None:
            self._due.pop(train, None)
        elif self._due.get(train) != due:
            self._due[train] = due
            heappush(self._heap, (due, train))
        if len(self._heap) > 2 * len(self._due) + _SPARE:
            self._heap = [(at, one) for one, at in self._due.items()]
            heapify(self._heap)

    def earliest(self) -> Milliseconds | None:
        """Return the earliest instant of all trains, if there is one."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: Milliseconds) -> list[str]:
        """Remove and return the trains whose instant is not after ``now``."""
        trains = []
        while (due := self.earliest()) is not None and due <= now:
            trains.append(heappop(self._heap)[1])
            del self._due[trains[-1]]
        return trains
