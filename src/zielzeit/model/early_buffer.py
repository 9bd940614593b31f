"""Early messages that are held for a moment, so that the model is called once for all of them. Pure."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final, NamedTuple

import msgspec

from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.runs.messages import EarlyMessage

HOLD: Final = 100
"""Milliseconds on the clock for which a message waits at most."""
HOLD_PAST: Final = 1_000
"""For so long waits one of the past, as where a job catches up: nobody looks out for it, and the model is called less
often."""
_PAST: Final = 60 * MINUTE

_encode = msgspec.msgpack.Encoder().encode


class HeldEarly(NamedTuple):
    """A message, with its event time and its train."""

    train: str
    at: Milliseconds
    message: EarlyMessage


_decode = msgspec.msgpack.Decoder(HeldEarly).decode


def hold(at: Milliseconds, clock: Milliseconds) -> Milliseconds:
    """Return for how long a message of an event time waits, where the clock shows another time."""
    return Milliseconds(HOLD if clock - at < _PAST else HOLD_PAST)


class EarlyBuffer:
    """A buffer that is emptied as a whole.

    Parameters: ``stored`` holds the messages by their numbers; it is read once, before anything else.
    """

    def __init__(self, stored: MutableMapping[int, bytes]) -> None:
        self._stored = stored
        self._held: list[HeldEarly] | None = None

    def add(self, train: str, at: Milliseconds, message: EarlyMessage) -> bool:
        """Hold a message; return True if it is the first one."""
        held, one = self._all(), HeldEarly(train, at, message)
        self._stored[len(held)] = _encode(one)
        held.append(one)
        return len(held) == 1

    def take(self) -> list[HeldEarly]:
        """Remove and return all messages, in the order in which they came."""
        held, self._held = self._all(), []
        if held:
            self._stored.clear()
        return held

    def _all(self) -> list[HeldEarly]:
        if self._held is None:
            self._held = [_decode(self._stored[number]) for number in sorted(self._stored)]
        return self._held
