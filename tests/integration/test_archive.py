"""A job that begins with the lake's boards and goes on in the topic leaves nothing out and doubles nothing."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from deploy.cluster.job_description import STORE
from deploy.cluster.submit import submit
from deploy.local.stack import Stack
from tests.integration import job
from zielzeit import topics
from zielzeit.berlin_time import BERLIN
from zielzeit.boards.record import BoardRecord
from zielzeit.lake.reading import Lake
from zielzeit.recordings.read import read_boards
from zielzeit.recordings.to_lake import keep
from zielzeit.settings import Settings
from zielzeit.simulator import recording, timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.world import World

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> list[BoardRecord]:
    """An evening of a small railway, past midnight."""
    out = tmp_path_factory.mktemp("boards") / "boards.jsonl.zst"
    recording.record(
        World(timetable.build(6, seed=7)), out, start=datetime(2026, 3, 10, 20, tzinfo=BERLIN), hours=6, every=180,
        faults=Faults.parse("none", seed=7),
    )  # fmt: skip
    return list(read_boards([out]))


def _settings(stack: Stack, folder: Path, **overrides: object) -> Settings:
    return job.settings_for(stack, start_from="archive", lake=str(folder / "lake"), **overrides)


@pytest.mark.parametrize("mode", ["thread", "process"])
def test_recorded_boards_in_the_lake_and_live_ones_after_them_give_the_decisions_of_both(
    stack: Stack, simulated: Sequence[BoardRecord], tmp_path: Path, mode: str
) -> None:
    settings = _settings(stack, tmp_path, flink_execution_mode=mode)
    half = len(simulated) // 2
    keep(simulated[:half], Lake.of(settings))
    # The topic holds more than what comes after the lake: the job must begin at the right place.
    job.publish(settings, simulated[half - 50 :])
    job.run_to_end(settings)
    job.assert_once(settings, job.decided_offline(settings, simulated))


def test_boards_that_the_storage_job_kept_are_followed_by_the_offset_after_them(
    stack: Stack, simulated: Sequence[BoardRecord], tmp_path: Path
) -> None:
    settings = _settings(stack, tmp_path)
    half = len(simulated) // 2
    job.publish(settings, simulated[:half])
    stored = settings.for_storage()
    job.wait_for_end(stored, submit(stored, STORE))
    job.publish(settings, simulated[half:])
    job.run_to_end(settings)
    job.assert_once(settings, job.decided_offline(settings, simulated))


def test_killed_task_managers_and_a_topic_without_boards_at_first_change_nothing(
    stack: Stack, simulated: Sequence[BoardRecord], tmp_path: Path
) -> None:
    settings = _settings(stack, tmp_path, bounded=False, idle_timeout_seconds=2.0, checkpoint_interval_seconds=0.5)
    expected = job.decided_offline(settings, simulated)
    keep(simulated, Lake.of(settings))
    job.publish(settings, [])
    started = submit(settings)
    try:
        job.wait_until(lambda: bool(job.records(settings, topics.DEPARTURES)))
        for victim in [status for status in stack.status() if status.name.startswith("taskmanager")]:
            psutil.Process(victim.pid).send_signal(signal.SIGKILL)
        # Only now, and the last trains wait for it: the job must have come back.
        job.publish_end_of_time(settings, simulated[-1].polled_at)
        departed = sum(decision["kind"] == "departed" for decision in expected)
        job.wait_until(lambda: len(job.records(settings, topics.OUTCOMES)) >= departed)
        assert job.get(settings, f"/jobs/{started}/exceptions")["exceptionHistory"]["entries"], "nothing was killed"
        job.assert_each_once(settings, expected)
    finally:
        job.cancel(settings, started)
        stack.up()
