"""Under Flink's adaptive scheduler the job goes on with the slots that there are: fewer, and more again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from deploy.cluster.job_description import PREDICT
from deploy.cluster.start import start
from deploy.cluster.stop import stop
from deploy.local import flink
from deploy.local.process_runner import Runner
from deploy.local.stack import Stack
from tests.integration import job
from tests.waiting import wait_until
from zielzeit import topics
from zielzeit.boards.record import BoardRecord
from zielzeit.settings import Settings

pytestmark = pytest.mark.integration

_ADAPTIVE = {
    "jobmanager.scheduler": "adaptive",
    # The job restarts as soon as a slot is gone or has come back.
    "jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling": "1 s",
    "jobmanager.adaptive-scheduler.executing.resource-stabilization-timeout": "1 s",
    "jobmanager.adaptive-scheduler.submission.resource-stabilization-timeout": "1 s",
    "jobmanager.adaptive-scheduler.rescale-trigger.max-delay": "2 s",
}


@pytest.fixture
def adaptive(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """The session's stack with this scheduler."""
    configuration = flink.configuration

    def with_scheduler(settings: Settings) -> dict[str, Any]:
        return configuration(settings) | _ADAPTIVE

    monkeypatch.setattr(flink, "configuration", with_scheduler)
    stack.down({"flink"})
    stack.up()
    yield stack
    monkeypatch.undo()
    stack.down({"flink"})
    stack.up()


def test_a_slot_that_goes_and_comes_back_rescales_the_job_and_changes_no_decision(
    adaptive: Stack, evening: Sequence[BoardRecord]
) -> None:
    # A partition that the job has not read yet when it comes back is not idle.
    settings = job.settings_for(adaptive, bounded=False, idle_timeout_seconds=600.0, start_from="earliest-offset")
    expected = job.decided_offline(settings, evening)
    third = len(evening) // 3
    job.publish(settings, evening[:third])
    running = start(PREDICT, settings)
    try:
        wait_until("the job runs with both slots", lambda: _parallelism(settings, running) == 2)
        job.wait_for_checkpoint(settings, running)
        Runner(adaptive.folders).stop("taskmanager-2")
        wait_until("the job runs with one slot", lambda: _parallelism(settings, running) == 1)
        job.publish(settings, evening[third : 2 * third])
        job.wait_for_checkpoints(settings, running, job.completed_checkpoints(settings, running) + 2)
        adaptive.up()
        wait_until("the job runs with both slots again", lambda: _parallelism(settings, running) == 2)
        job.publish(settings, evening[2 * third :])
        job.publish_end_of_time(settings, evening[-1].polled_at)
        departed = sum(decision["kind"] == "departed" for decision in expected)
        job.wait_for_records(settings, topics.OUTCOMES, departed)
        job.wait_until_committed(settings)
        job.assert_each_once(settings, expected)
    finally:
        stop(PREDICT, settings, savepoint=False)


def _parallelism(settings: Settings, running: str) -> int:
    """Parallelism of the stage ``decide`` while all tasks run, else 0."""
    told = job.get(settings, f"/jobs/{running}")
    if told["state"] != "RUNNING" or told["status-counts"]["RUNNING"] != sum(told["status-counts"].values()):
        return 0
    return next(int(vertex["parallelism"]) for vertex in told["vertices"] if "decide" in vertex["name"])
