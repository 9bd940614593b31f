"""Back-pressure: how many boards may wait for Kafka, which kafka-python itself does not limit."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic

log = logging.getLogger(__name__)

_WAIT_SECONDS = 0.2
_FULL_SECONDS = 1.0
"""A full buffer that drains sooner is the usual pace of a fast writer and not worth a line."""


class Buffer:
    """Counts the boards that Kafka has not confirmed, and makes writers wait if there are too many or too large ones.

    Writers take room, kafka-python's thread releases it.
    """

    def __init__(self, *, most_boards: int, most_bytes: int) -> None:
        self._most_boards = most_boards
        self._most_bytes = most_bytes
        self._boards = 0
        self._bytes = 0
        self._changed = threading.Condition()

    @property
    def boards(self) -> int:
        """Number of boards that have taken room."""
        return self._boards

    def take(self, size: int, give_up: Callable[[], bool]) -> bool:
        """Wait for room for a board of so many bytes and take it; False if ``give_up`` returned True before that.

        Any board fits an empty buffer. Logs a long wait, and its end. Raises what ``give_up`` raises.
        """
        began, said = monotonic(), False
        with self._changed:
            while not self._has_room(size):
                if give_up():
                    return False
                if not said and monotonic() - began >= _FULL_SECONDS:
                    said = True
                    log.warning(
                        "the buffer to Kafka is full with %d boards: taking no more until it drains", self._boards
                    )
                self._changed.wait(_WAIT_SECONDS)
            self._boards += 1
            self._bytes += size
        if said:
            log.warning("Kafka takes boards again after %.0f s", monotonic() - began)
        return True

    def release(self, size: int) -> None:
        """Give back the room of a board."""
        with self._changed:
            self._boards -= 1
            self._bytes -= size
            self._changed.notify_all()

    def wait_until_empty(self) -> bool:
        """Wait a moment, and return True if the buffer is empty."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._boards, _WAIT_SECONDS)

    def _has_room(self, size: int) -> bool:
        return not self._boards or (self._boards < self._most_boards and self._bytes + size <= self._most_bytes)
