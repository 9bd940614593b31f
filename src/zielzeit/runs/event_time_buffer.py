"""Elements that wait until the watermark has passed their event time, then leave in an order that is always the same.

Pure: the elements are in a mapping that is handed in, a dict or Flink's map state.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final

import msgspec

from zielzeit.berlin_time import Milliseconds

_CHUNK: Final = 64
"""Elements of a full chunk. To add one, the open chunk is written anew; the full ones are not."""
_MOST_FULL: Final = 2**15
"""Full chunks of an instant, at most, so that their keys fit into 64 bits up to the year 9999. What comes beyond stays
in the open chunk."""


class _Open(msgspec.Struct):
    """The open chunk of an instant that has full ones, too. Without full ones it is the list of its elements alone."""

    full: int
    """Number of full chunks."""
    elements: list[bytes]


_encode = msgspec.msgpack.Encoder().encode
_decode_open = msgspec.msgpack.Decoder(list[bytes] | _Open).decode
_decode_full = msgspec.msgpack.Decoder(list[bytes]).decode


class EventTimeBuffer:
    """A buffer with one timer per instant: when it fires, all elements of that instant have arrived.

    An instant may have thousands of elements. They are kept in chunks, so that the time to add one does not grow with
    those that wait already. The key of the open chunk is the instant; the keys of full chunks are negative.
    """

    def __init__(self, waiting: MutableMapping[Milliseconds, bytes]) -> None:
        self._waiting = waiting

    def add(self, at: Milliseconds, element: bytes) -> Milliseconds | None:
        """Keep an element until ``at``; return the timer to register, or None if there is one."""
        kept = self._waiting.get(at)
        if kept is None:
            self._waiting[at] = _encode([element])
            return at
        waiting = _open(kept)
        if len(waiting.elements) >= _CHUNK and waiting.full < _MOST_FULL:
            self._waiting[_full_key(at, waiting.full)] = _encode(waiting.elements)
            waiting = _Open(waiting.full + 1, [])
        waiting.elements.append(element)
        self._waiting[at] = _encode(waiting if waiting.full else waiting.elements)
        return None

    def take(self, at: Milliseconds) -> list[bytes]:
        """Remove and return the elements of an instant, sorted by their bytes."""
        kept = self._waiting.pop(at, None)
        if kept is None:
            return []
        waiting = _open(kept)
        elements = waiting.elements
        for number in range(waiting.full):
            elements.extend(_decode_full(self._waiting.pop(_full_key(at, number))))
        return sorted(elements)


def _open(kept: bytes) -> _Open:
    waiting = _decode_open(kept)
    return waiting if isinstance(waiting, _Open) else _Open(0, waiting)


def _full_key(at: Milliseconds, number: int) -> Milliseconds:
    """Return the key of a full chunk; no event time is negative."""
    return Milliseconds(-(at * _MOST_FULL + number) - 1)
