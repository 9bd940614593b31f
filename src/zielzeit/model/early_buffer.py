"""Early messages that are held for a moment, so that the model is called once for all of them. Pure."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final, NamedTuple

import msgspec

from zielzeit.berlin_time import Milliseconds
from zielzeit.runs.messages import EarlyMessage

HOLD: Final = 100
"""Milliseconds on the clock for which a message waits at most."""

_encode = msgspec.msgpack.Encoder().encode


class HeldEarly(NamedTuple):
    """A message, with its event time and the key of its run."""

    key: str
    at: Milliseconds
    message: EarlyMessage


_decode = msgspec.msgpack.Decoder(HeldEarly).decode


class EarlyBuffer:
    """A buffer that is emptied as a whole. ``held`` has the messages by their numbers, which are consecutive."""

    def __init__(self, held: MutableMapping[int, bytes]) -> None:
        self._held = held

    def add(self, key: str, at: Milliseconds, message: EarlyMessage) -> bool:
        """Hold a message; return True if it is the first one."""
        number = len(self._held)
        self._held[number] = _encode(HeldEarly(key, at, message))
        return number == 0

    def take(self) -> list[HeldEarly]:
        """Remove and return all messages, in the order in which they came."""
        return [_decode(self._held.pop(number)) for number in range(len(self._held))]
