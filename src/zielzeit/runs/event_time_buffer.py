"""Elements that wait until the watermark has passed their event time, then leave in an order that is always the same.

Pure: the elements are in a mapping that is handed in, a dict or Flink's map state.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

import msgspec

from zielzeit.berlin_time import Milliseconds


class Waiting(NamedTuple):
    """An element: it leaves in order of these fields."""

    at: Milliseconds
    train: str
    """Category and number."""
    element: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Waiting]).decode


class EventTimeBuffer:
    """Elements in memory and, batch by batch as they came, in state: what comes together is written in one call.

    Parameters: ``stored`` holds the batches by number; it is read once, before anything else.
    """

    def __init__(self, stored: MutableMapping[int, bytes]) -> None:
        self._stored = stored
        self._order: list[tuple[Waiting, int]] = []
        """Heap of the elements, each with the number of its batch."""
        self._left: dict[int, list[Waiting]] = {}
        """What waits of each batch, the last one first."""
        self._taken: set[int] = set()
        """Batches that are stored with elements that have left."""
        self._number = 0
        """Of the next batch."""
        self._is_read = False

    def add(self, batch: Sequence[Waiting]) -> None:
        """Keep elements until their time."""
        self._read()
        self._stored[self._number] = _encode(batch)
        self._keep(self._number, batch)

    def earliest(self) -> Milliseconds | None:
        """Return the earliest instant at which an element waits, if there is one."""
        self._read()
        return self._order[0][0].at if self._order else None

    def take(self, now: Milliseconds) -> list[Waiting]:
        """Remove and return the elements up to an instant, in order; ``store`` must follow."""
        self._read()
        elements = []
        while self._order and self._order[0][0].at <= now:
            element, number = heappop(self._order)
            self._left[number].pop()
            self._taken.add(number)
            elements.append(element)
        return elements

    def store(self) -> None:
        """Remove from the state what was taken."""
        for number in self._taken:
            if left := self._left[number]:
                self._stored[number] = _encode(left)
            else:
                del self._stored[number], self._left[number]
        self._taken.clear()

    def _read(self) -> None:
        if not self._is_read:
            self._is_read = True
            for number, batch in self._stored.items():
                self._keep(number, _decode(batch))

    def _keep(self, number: int, batch: Sequence[Waiting]) -> None:
        self._number = max(self._number, number + 1)
        self._left[number] = sorted(batch, reverse=True)
        for element in batch:
            heappush(self._order, (element, number))
