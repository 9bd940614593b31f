"""One process, and one thread, at a time: whoever holds the lock of a file. It ends with the process."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zielzeit.errors import UserError


@contextmanager
def held(file: Path, refusal: str | None = None) -> Iterator[None]:
    """Hold the lock of a file, which is made with its folder. Waits for whoever holds it.

    With a ``refusal`` it does not wait but raises UserError with that text. Raises OSError where the file cannot be
    written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | (fcntl.LOCK_NB if refusal else 0))
        except BlockingIOError:
            raise UserError(str(refusal)) from None
        yield
