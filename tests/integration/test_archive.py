"""A job that begins with the lake's boards and goes on in the topic leaves nothing out and doubles nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from deploy.cluster.submit import submit
from deploy.local.stack import Stack
from tests.integration import job
from zielzeit import topics
from zielzeit.boards.record import BoardRecord
from zielzeit.lake.reading import Lake
from zielzeit.recordings.to_lake import keep
from zielzeit.settings import Settings

pytestmark = pytest.mark.integration


def _settings(stack: Stack, folder: Path, **overrides: object) -> Settings:
    return job.settings_for(stack, start_from="archive", lake=str(folder / "lake"), **overrides)


@pytest.mark.parametrize(("mode", "parallelism"), [("thread", 2), ("process", 1)])
def test_boards_of_the_lake_and_live_ones_after_them_under_any_spelling_give_the_decisions_of_both(
    stack: Stack, evening: Sequence[BoardRecord], tmp_path: Path, mode: str, parallelism: int
) -> None:
    own = tmp_path / "stations.csv"
    settings = _settings(stack, tmp_path, flink_execution_mode=mode, parallelism=parallelism, stations=str(own))
    names = sorted({board.station for board in evening})
    own.write_text("eva,name,aliases\n" + "".join(f"{_eva(names, name)},{name},{name} alias\n" for name in names))
    # An older version, or another producer, wrote what the user asked for.
    spelled = [
        msgspec.structs.replace(board, station=spelling)
        for place, board in enumerate(evening)
        for spelling in [(board.station, _eva(names, board.station), f"{board.station} alias")[place % 3]]
    ]
    half = len(evening) // 2
    keep(spelled[:half], Lake.of(settings))
    # The topic holds more than what comes after the lake: the job must begin at the right place.
    job.publish(settings, spelled[half - 50 :])
    job.run_to_end(settings)
    job.assert_once(settings, job.decided_offline(settings, evening))


def _eva(names: Sequence[str], name: str) -> str:
    return str(8_999_000 + names.index(name))


def test_boards_that_the_storage_job_kept_are_followed_by_the_offset_after_them(
    stack: Stack, evening: Sequence[BoardRecord], tmp_path: Path
) -> None:
    settings = _settings(stack, tmp_path)
    half = len(evening) // 2
    job.publish(settings, evening[:half])
    job.store(settings, settings.lake)
    job.publish(settings, evening[half:])
    job.run_to_end(settings)
    job.assert_once(settings, job.decided_offline(settings, evening))


def test_killed_task_managers_and_a_topic_without_boards_at_first_change_nothing(
    stack: Stack, evening: Sequence[BoardRecord], tmp_path: Path
) -> None:
    settings = _settings(stack, tmp_path, bounded=False, idle_timeout_seconds=2.0, checkpoint_interval_seconds=0.5)
    expected = job.decided_offline(settings, evening)
    keep(evening, Lake.of(settings))
    job.publish(settings, [])
    started = submit(settings)
    try:
        job.wait_for_records(settings, topics.DEPARTURES, 1)
        for number in range(1, settings.task_managers + 1):
            job.kill_program(stack, f"taskmanager-{number}")
        # Only now, and the last trains wait for it: the job must have come back.
        job.publish_end_of_time(settings, evening[-1].polled_at)
        departed = sum(decision["kind"] == "departed" for decision in expected)
        job.wait_for_records(settings, topics.OUTCOMES, departed)
        job.assert_restarted(settings, started)
        job.assert_each_once(settings, expected)
    finally:
        job.cancel(settings, started)
        stack.up()
