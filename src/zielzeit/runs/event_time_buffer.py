"""Elements that wait until the watermark has passed their event time, then leave in an order that is always the same.

Pure: the elements are in a mapping that is handed in, a dict or Flink's map state.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final

import msgspec

from zielzeit.berlin_time import Milliseconds

_MOST: Final = 2**15
"""Entries of an instant: their keys fit into 64 bits up to the year 9999. All further elements share the last one."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[bytes]).decode


class EventTimeBuffer:
    """A buffer with one timer per instant: when it fires, all elements of that instant have arrived.

    An instant may have thousands of elements. Each is an entry of its own, with consecutive keys: to add one, one is
    written. How many wait is not stored; it is found by looking for the first key that is free, which a mapping that is
    kept in memory (``udfs.keyed_state.LiveMapping``) answers without Flink.
    """

    def __init__(self, waiting: MutableMapping[Milliseconds, bytes]) -> None:
        self._waiting = waiting

    def add(self, at: Milliseconds, element: bytes) -> Milliseconds | None:
        """Keep an element until ``at``; return the timer to register, or None if there is one."""
        number = self._count(at)
        last = number >= _MOST - 1
        if last:
            number = _MOST - 1
            others = self._waiting.get(_key(at, number))
            element = _encode([*(_decode(others) if others else ()), element])
        self._waiting[_key(at, number)] = element
        return at if number == 0 else None

    def take(self, at: Milliseconds) -> list[bytes]:
        """Remove and return the elements of an instant, sorted by their bytes."""
        elements: list[bytes] = []
        for number in range(_MOST):
            element = self._waiting.pop(_key(at, number), None)
            if element is None:
                break
            elements.extend(_decode(element) if number == _MOST - 1 else (element,))
        return sorted(elements)

    def instants(self) -> list[Milliseconds]:
        """Return the instants at which elements wait, sorted."""
        return sorted({Milliseconds(key // _MOST) for key in self._waiting})

    def _count(self, at: Milliseconds) -> int:
        """Return the number of entries of an instant, after a number of looks that grows with its logarithm."""
        waiting, above = self._waiting, 1
        if _key(at, 0) not in waiting:
            return 0
        while above < _MOST and _key(at, above) in waiting:
            above *= 2
        below = above // 2  # its key is taken; that of ``above`` is free, or does not exist
        while above - below > 1:
            middle = (below + above) // 2
            if _key(at, middle) in waiting:
                below = middle
            else:
                above = middle
        return above


def _key(at: Milliseconds, number: int) -> Milliseconds:
    """Return the key of an element; no event time is negative."""
    return Milliseconds(at * _MOST + number)
