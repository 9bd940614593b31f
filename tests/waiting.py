"""The one way in which tests wait: ask again and again, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(what: str, condition: Callable[[], T], timeout_seconds: float = 180.0, every_seconds: float = 0.25) -> T:
    """Call ``condition`` until its result is true, and return that result.

    Raises AssertionError, which says what was waited for, after ``timeout_seconds``.
    """
    deadline = time.monotonic() + timeout_seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {timeout_seconds:.0f} s: {what}"
        time.sleep(every_seconds)
    return result
