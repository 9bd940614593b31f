"""A job is stopped with a savepoint, which the next submission goes on from."""

from __future__ import annotations

import pytest

from deploy.cluster import submissions
from deploy.cluster.job_description import PREDICT, STORE
from deploy.cluster.job_status import job_statuses
from deploy.cluster.stop import Stopped, stop
from deploy.cluster.submit import latest_checkpoint
from tests.deploy.cluster.fake_flink import TRACE, FakeFlink
from zielzeit.errors import UserError
from zielzeit.settings import Settings

Cluster = tuple[FakeFlink, Settings]


def test_the_job_of_the_name_is_stopped_with_a_savepoint_and_no_other(cluster: Cluster) -> None:
    flink, settings = cluster
    flink.add("a", "zielzeit", "RUNNING", "RUNNING")
    flink.add("b", "zielzeit-store", "RUNNING", "RUNNING")
    assert stop(STORE, settings, folder="s3://bucket/x") == [Stopped("b", "file:/savepoints/1")]
    assert flink.asked == [("POST", "/jobs/b/stop", {"drain": False, "targetDirectory": "s3://bucket/x"})]
    assert flink.jobs["a"]["state"] == "RUNNING"


def test_latest_goes_on_from_the_savepoint_and_not_from_an_older_checkpoint(cluster: Cluster) -> None:
    flink, settings = cluster
    submissions.note(settings, PREDICT, "old")
    old = settings.local_dir / "flink" / "checkpoints" / "old" / "chk-9"
    old.mkdir(parents=True)
    (old / "_metadata").touch()
    assert latest_checkpoint(settings) == old.as_uri()
    submissions.note(settings, PREDICT, "a")
    flink.add("a", "zielzeit", "RUNNING", "RUNNING")
    stop(PREDICT, settings)
    assert latest_checkpoint(settings) == "file:/savepoints/1"


def test_without_a_savepoint_the_job_is_cancelled(cluster: Cluster) -> None:
    flink, settings = cluster
    flink.add("a", "zielzeit", "RESTARTING", "FAILED")
    assert stop(PREDICT, settings, savepoint=False) == [Stopped("a", None)]
    assert flink.asked == [("PATCH", "/jobs/a?mode=cancel", None)]


def test_a_savepoint_that_fails_leaves_the_job_and_says_how_to_stop_it_nevertheless(cluster: Cluster) -> None:
    flink, settings = cluster
    flink.add("a", "zielzeit", "RUNNING", "SCHEDULED")
    flink.savepoint = {"failure-cause": {"class": "x", "stack-trace": TRACE}}
    with pytest.raises(UserError, match=r"is not stopped.*broker away.*`./zielzeit stop --.* --without-savepoint`"):
        stop(PREDICT, settings)
    assert flink.jobs["a"]["state"] == "RUNNING"


def test_a_refusal_is_told_in_flinks_words(cluster: Cluster) -> None:
    flink, settings = cluster
    flink.add("a", "zielzeit", "RUNNING", "RUNNING")
    flink.refusal = "x.RestHandlerException: Config key [execution.checkpointing.savepoint-dir] is not set.\n\tat y"
    with pytest.raises(UserError, match=r"refuses to answer: .*savepoint-dir\] is not set\.$"):
        stop(PREDICT, settings)


def test_stopping_a_job_that_is_gone_takes_note_of_it(cluster: Cluster) -> None:
    _, settings = cluster
    submissions.note(settings, PREDICT, "a")
    assert [status.state for status in job_statuses(settings)] == ["gone"]
    assert stop(PREDICT, settings) == []
    assert job_statuses(settings) == []
