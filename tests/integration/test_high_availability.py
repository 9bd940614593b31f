"""Jobs outlive the JobManager with ZooKeeper, and are told as gone without it."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from deploy.cluster import jobs
from deploy.cluster.job_description import PREDICT
from deploy.cluster.job_status import JobStatus, job_statuses
from deploy.cluster.start import start
from deploy.cluster.stop import stop
from deploy.local.programs import STORE
from deploy.local.stack import Stack
from deploy.local.zookeeper import SESSION_SECONDS
from tests.integration import job
from tests.waiting import wait_until
from zielzeit import topics
from zielzeit.boards.record import BoardRecord
from zielzeit.errors import UserError
from zielzeit.settings import Settings

pytestmark = pytest.mark.integration


def test_a_killed_job_manager_loses_nothing_and_doubles_nothing(stack: Stack, evening: Sequence[BoardRecord]) -> None:
    before = _temporary()
    settings = job.settings_for(stack, bounded=False, idle_timeout_seconds=600.0, start_from="earliest-offset")
    expected = job.decided_offline(settings, evening)
    half = len(evening) // 2
    job.publish(settings, evening[:half])
    started = start(PREDICT, settings)
    try:
        job.wait_for_checkpoint(settings, started)
        job.kill_program(stack, "jobmanager")
        job.publish(settings, evening[half:])
        job.publish_end_of_time(settings, evening[-1].polled_at)
        stack.up()
        with pytest.raises(UserError, match=f"{started}.*would double every prediction"):
            start(PREDICT, settings)
        _wait_until_it_runs(settings, started)
        departed = {decision["id"] for decision in expected if decision["kind"] == "departed"}
        job.wait_for_records(settings, topics.OUTCOMES, len(departed))
        known = job.records(settings, *topics.DECISIONS)
        assert {decision["id"] for decision in known if decision["kind"] == "departed"} == departed
        job.assert_each_once(settings, expected)

        _kill_zookeeper(stack, settings, started)

        # A clean end and start of the cluster is no end of the job; `stop` is.
        _restart(stack)
        _wait_until_it_runs(settings, started)
        job.wait_for_checkpoint(settings, started)
        (stopped,) = stop(PREDICT, settings)
        assert stopped.savepoint is not None
        job.kill_program(stack, "taskmanager-1")
        _restart(stack)
        assert jobs.named(settings, settings.job_name) == []
        assert _statuses(settings) == []
        assert _temporary() <= before
        assert list(stack.folders.scratch.glob("client-*")) == []
    finally:
        stack.up()
        stop(PREDICT, settings, savepoint=False)


@pytest.fixture
def without_zookeeper(stack: Stack) -> Iterator[Stack]:
    """The session's stack without high availability."""
    plain = Stack(stack.settings.model_copy(update={"high_availability": False}))
    # No TaskManager of an earlier test may look for its JobManager the other way.
    stack.down({"flink", STORE})
    plain.up()
    yield plain
    plain.down({"flink", STORE})
    stack.up()


def test_without_zookeeper_a_job_is_told_as_gone(without_zookeeper: Stack, evening: Sequence[BoardRecord]) -> None:
    assert "zookeeper" not in [status.name for status in without_zookeeper.status()]
    settings = job.settings_for(without_zookeeper, bounded=False, start_from="earliest-offset")
    job.publish(settings, evening[:10])
    started = start(PREDICT, settings)
    job.wait_for_checkpoint(settings, started)
    job.kill_program(without_zookeeper, "jobmanager")
    without_zookeeper.up()
    assert (_status(settings).state, _status(settings).job_id) == ("gone", started)
    assert "--resume latest" in _status(settings).command
    stop(PREDICT, settings, savepoint=False)
    assert _statuses(settings) == []


def _kill_zookeeper(stack: Stack, settings: Settings, job_id: str) -> None:
    """Kill ZooKeeper and wait for its return: the job goes on, undisturbed if that was soon."""
    began = job.get(settings, f"/jobs/{job_id}")["timestamps"]["RUNNING"]
    starts, killed = _starts(stack, "zookeeper"), time.monotonic()
    job.kill_program(stack, "zookeeper")
    wait_until("ZooKeeper has started again", lambda: _starts(stack, "zookeeper") > starts)
    stack.up()
    away = time.monotonic() - killed
    _wait_until_it_runs(settings, job_id)
    job.wait_for_checkpoints(settings, job_id, job.completed_checkpoints(settings, job_id) + 1)
    if away < SESSION_SECONDS / 2:
        assert job.get(settings, f"/jobs/{job_id}")["timestamps"]["RUNNING"] == began


def _temporary() -> set[Path]:
    """What lies in the system's temporary folder under names that Flink, PyFlink or their libraries give."""
    folder = Path(tempfile.gettempdir())
    ours = re.compile(r"(py)?flink|python-dist|pemja|blobStore|[jt]m_|hadoop|libzstd|snappy")
    found = {file for file in folder.iterdir() if ours.match(file.name) and not file.is_socket()}
    return found | set(folder.glob("pyflink/*"))


def _starts(stack: Stack, name: str) -> int:
    """How often the program was started again."""
    (restarts,) = (status.restarts for status in stack.status() if status.name == name)
    return restarts


def _restart(stack: Stack) -> None:
    stack.down({"flink"})
    stack.up()


def _wait_until_it_runs(settings: Settings, job_id: str) -> None:
    def runs() -> bool:
        return [(status.state, status.job_id) for status in _statuses(settings)] == [("running", job_id)]

    wait_until("the job runs again", runs)


def _status(settings: Settings) -> JobStatus:
    """What ``stack status`` says of the settings' job."""
    (status,) = _statuses(settings)
    return status


def _statuses(settings: Settings) -> list[JobStatus]:
    return [status for status in job_statuses(settings) if status.name == settings.job_name]
