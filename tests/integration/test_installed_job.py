"""The job of an installed wheel, submitted away from the checkout, predicts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.installation import outside
from tests.integration import job
from zielzeit.boards.record import BoardRecord

pytestmark = pytest.mark.integration


def test_a_fresh_environment_with_the_wheel_submits_a_job_that_predicts_each_departure(
    stack: Stack, installed: Path, evening: Sequence[BoardRecord], tmp_path: Path
) -> None:
    # In process mode the workers are Pythons of that environment; in thread mode a TaskManager keeps the one it has.
    settings = job.settings_for(stack, flink_execution_mode="process", local_dir=tmp_path / "local")
    boards = evening[:400]
    job.publish(settings, boards)
    said = outside([str(installed / "zielzeit"), "submit", "--wait"], tmp_path, **settings.as_environment())
    assert "finished" in said
    expected = job.decided_offline(settings, boards)
    assert [one for one in expected if one["kind"] == "departed"]
    job.assert_once(settings, expected)
