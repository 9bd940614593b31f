"""Each job that should run is reported: as running, restarting since and why, failed with its cause, or gone."""

from __future__ import annotations

import pytest

from deploy.cluster import rest, submissions
from deploy.cluster.job_description import PREDICT, STORE
from deploy.cluster.job_status import job_statuses, restarting_since, sentence
from tests.deploy.cluster.fake_flink import NOW, FakeFlink
from zielzeit.settings import Settings

Cluster = tuple[FakeFlink, Settings]


@pytest.mark.parametrize(
    ("word", "tasks", "state"),
    [
        ("RUNNING", ("RUNNING", "FINISHED"), "running"),
        ("RUNNING", ("RUNNING", "INITIALIZING"), "starting"),
        ("INITIALIZING", (), "starting"),
        ("CREATED", ("CREATED",), "starting"),
        ("CANCELLING", ("CANCELING",), "stopping"),
    ],
)
def test_a_job_runs_only_if_each_of_its_tasks_does(
    cluster: Cluster, word: str, tasks: tuple[str, ...], state: str
) -> None:
    flink, settings = cluster
    flink.add("a", "zielzeit", word, *tasks)
    (status,) = job_statuses(settings)
    assert (status.name, status.job_id, status.state, status.since) == ("zielzeit", "a", state, NOW - 60)
    assert sentence(status) == ""


@pytest.mark.parametrize(
    ("word", "task"), [("RESTARTING", "CANCELED"), ("RUNNING", "SCHEDULED"), ("FAILING", "FAILED")]
)
def test_a_job_restarts_since_its_first_failure_whatever_flink_calls_it_between_two_attempts(
    cluster: Cluster, word: str, task: str
) -> None:
    flink, settings = cluster
    flink.add("a", "zielzeit", word, task, failures=(10, 70, 130))
    (status,) = job_statuses(settings)
    assert (status.state, status.since, status.restarts) == ("restarting", NOW - 130, 3)
    assert sentence(status) == "zielzeit restarts: IOException: broker away"


def test_a_savepoint_of_other_operators_is_refused_in_words_for_people() -> None:
    trace = """org.apache.flink.runtime.client.JobInitializationException: Could not start the JobMaster.
    Caused by: java.lang.IllegalStateException: Failed to rollback to checkpoint/savepoint file:/s. Cannot map
    Caused by: Cannot map checkpoint/savepoint state for operator 1d0767c0ce4c65a39dc3766a8fe50b9c to the new program"""
    assert rest.cause(trace).startswith("the checkpoint or savepoint is another version's")
    assert "--start-from archive" in rest.cause(trace)


def test_an_earlier_trouble_is_not_counted() -> None:
    assert restarting_since([NOW - 9000, NOW - 100, NOW - 40], NOW) == NOW - 100
    assert restarting_since([NOW - 9000], NOW) is None
    assert restarting_since([], NOW) is None


def test_a_failed_job_is_told_with_its_cause_and_what_to_do(cluster: Cluster) -> None:
    flink, settings = cluster
    flink.add("a", "zielzeit-store", "FAILED", "FAILED", failures=(5000,))
    (status,) = job_statuses(settings)
    assert status.state == "failed"
    assert "failed: IOException: broker away" in sentence(status)
    assert f"`./zielzeit store --flink-rest {settings.flink_rest} --resume latest`" in sentence(status)


def test_jobs_that_ended_as_they_should_or_were_followed_by_another_are_left_out(cluster: Cluster) -> None:
    flink, settings = cluster
    flink.add("a", "zielzeit", "FAILED", failures=(9000,))
    flink.add("b", "zielzeit", "CANCELED")
    flink.add("c", "zielzeit-store", "FINISHED")
    submissions.note(settings, STORE, "d")
    flink.add("d", "zielzeit-store", "FAILED", failures=(9,))
    submissions.note_end(settings, "d")
    assert job_statuses(settings) == []


def test_a_job_that_the_cluster_has_lost_is_gone_until_somebody_takes_note(cluster: Cluster) -> None:
    flink, settings = cluster
    prefixed = settings.model_copy(update={"topic_prefix": "test."})
    submissions.note(prefixed, PREDICT, "a")
    submissions.note(prefixed, PREDICT, "b")
    submissions.note(settings.model_copy(update={"bounded": True}), STORE, "c")
    submissions.note(settings.model_copy(update={"flink_rest": "http://elsewhere"}), STORE, "d")
    flink.add("a", "test.zielzeit", "RUNNING", "RUNNING")
    assert [status.state for status in job_statuses(settings)] == ["running"]
    del flink.jobs["a"]
    (status,) = job_statuses(settings)
    assert (status.name, status.job_id, status.state) == ("test.zielzeit", "b", "gone")
    assert "test.zielzeit: no job." in sentence(status)
    assert "--topic-prefix test. --resume latest`" in sentence(status)
    submissions.note_end(settings, "b")
    assert job_statuses(settings) == []
