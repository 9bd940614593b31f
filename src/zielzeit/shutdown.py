"""Orderly shutdown of a command on Ctrl-C or SIGTERM: the first signal asks it to stop, the second to stop waiting."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping(first: Callable[[], object], second: Callable[[], object]) -> Iterator[None]:
    """Call ``first`` on the first signal and ``second`` on each further one; restore the handlers at the end."""
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
