"""Ctrl-C and SIGTERM end a command in order: the first asks it to stop, the second stops waiting for Kafka."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping(first: Callable[[], object], second: Callable[[], object]) -> Iterator[None]:
    """Call ``first`` at the first signal and ``second`` at each further one."""
    asked = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        call, asked = (second if asked else first), True
        call()

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
