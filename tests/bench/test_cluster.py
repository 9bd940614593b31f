"""The stack to measure on."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cluster import own_stack
from zielzeit import file_lock
from zielzeit.errors import UserError
from zielzeit.settings import Settings


def test_two_measurements_at_a_time_would_end_each_others_stack_so_the_second_is_refused(tmp_path: Path) -> None:
    with (
        file_lock.held(tmp_path / "bench" / "stack.lock"),
        pytest.raises(UserError, match=r"another `\./zielzeit bench` measures"),
        own_stack(Settings(local_dir=tmp_path)),
    ):
        pass
