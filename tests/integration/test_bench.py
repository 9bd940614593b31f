"""All engines of `zielzeit bench` read the same boards and make the same decisions."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import engines, inputs
from bench.inputs import Boards
from deploy.local.stack import Stack
from zielzeit.progress import SILENT

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_every_engine_decides_what_the_others_decide(stack: Stack, tmp_path: Path) -> None:
    boards = Boards(inputs.busy_station(tmp_path, 12, 12, SILENT), 4)
    found = engines.measure(stack, boards, 1, tmp_path, SILENT)  # raises where two decide differently
    assert [one.system for one in found] == [engine.title for engine in engines.ENGINES]
    assert all(one.median > 0 for one in found)
    assert " 0 equal decisions" not in found[0].note
