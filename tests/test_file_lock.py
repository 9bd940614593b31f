"""Whoever holds the lock of a file is alone."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from zielzeit import file_lock
from zielzeit.errors import UserError


def test_a_second_holder_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    file = tmp_path / "new" / "lock"
    with file_lock.held(file), pytest.raises(UserError, match="somebody works here"):
        file_lock.held(file, "somebody works here").__enter__()
    with file_lock.held(file, "somebody works here"):
        pass


def test_without_a_refusal_the_second_holder_waits(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with file_lock.held(tmp_path / "lock"):
            order.append("second")

    with file_lock.held(tmp_path / "lock"):
        waiting = Thread(target=second)
        waiting.start()
        waiting.join(0.1)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
