"""Elements that wait until the watermark has passed their event time, then leave in an order that is always the same.

Pure: the elements are in a mapping that is handed in, a dict or Flink's map state.
"""

from __future__ import annotations

from collections.abc import MutableMapping

import msgspec

from zielzeit.berlin_time import Milliseconds

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[bytes]).decode


class EventTimeBuffer:
    """A buffer with one timer per instant: when it fires, all elements of that instant have arrived."""

    def __init__(self, waiting: MutableMapping[Milliseconds, bytes]) -> None:
        self._waiting = waiting

    def add(self, at: Milliseconds, element: bytes) -> Milliseconds | None:
        """Keep an element until ``at``; return the timer to register, or None if there is one."""
        waiting = self._waiting.get(at)
        if waiting is None:
            self._waiting[at] = _encode([element])
            return at
        self._waiting[at] = _encode([*_decode(waiting), element])
        return None

    def take(self, at: Milliseconds) -> list[bytes]:
        """Remove and return the elements of an instant, sorted by their bytes."""
        waiting = self._waiting.pop(at, None)
        return [] if waiting is None else sorted(_decode(waiting))
