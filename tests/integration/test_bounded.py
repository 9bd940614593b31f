"""A bounded job ends, with its last timers fired, whatever of it is killed or restored after it has read everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from kafka import KafkaProducer

from deploy.cluster.job_description import PREDICT
from deploy.cluster.job_status import JobStatus, job_statuses
from deploy.cluster.start import start
from deploy.cluster.stop import stop
from deploy.local.stack import Stack
from tests.integration import job
from tests.waiting import wait_until
from zielzeit import topics
from zielzeit.boards.record import BoardRecord, compress, headers
from zielzeit.settings import Settings

pytestmark = pytest.mark.integration


@contextmanager
def held_open(settings: Settings, last: BoardRecord) -> Iterator[None]:
    """The last board of the topic is part of a transaction that is committed at the end.

    Until then a bounded job waits for it: it reads all others, and cannot end.
    """
    with KafkaProducer(
        **settings.kafka_client_config(),
        transactional_id=settings.group_id,
        transaction_timeout_ms=15 * 60 * 1000,  # the broker's longest: else it would abort the transaction meanwhile
    ) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(
            settings.topic(topics.BOARDS),
            value=compress(last.body),
            key=last.station.encode(),
            timestamp_ms=round(last.polled_at.timestamp() * 1000),
            headers=headers(last),
        ).get(30)
        yield
        producer.commit_transaction()


def wait_until_read(settings: Settings, running: str, boards: int) -> None:
    """Wait until the source has passed on so many boards, and a checkpoint has been taken since."""

    def passed() -> int:
        source = job.get(settings, f"/jobs/{running}")["vertices"][0]
        return int(source["metrics"]["write-records"])

    wait_until(f"{boards} boards are read", lambda: passed() >= boards)
    taken = job.completed_checkpoints(settings, running)
    job.wait_for_checkpoints(settings, running, taken + 2)  # the next one may have begun before


def test_a_bounded_job_that_was_killed_and_restored_at_the_end_of_its_input_ends(
    stack: Stack, evening: Sequence[BoardRecord]
) -> None:
    settings = job.settings_for(stack, start_from="earliest-offset")
    *first, last = evening
    job.publish(settings, first)
    with held_open(settings, last):
        running = start(PREDICT, settings)
        wait_until_read(settings, running, len(first))
        job.kill_program(stack, "taskmanager-1")
        wait_until("the job runs again", lambda: _runs_restored(settings, running))
        job.kill_program(stack, "jobmanager")
        stack.up()
        wait_until("the job is recovered", lambda: [one.state for one in _statuses(settings)] == ["running"])
        wait_until("the job runs again", lambda: _runs_restored(settings, running))
        # A task may fail once more that had no TaskManager yet: with a checkpoint all of them run.
        job.wait_for_checkpoints(settings, running, job.completed_checkpoints(settings, running) + 1)
        (stopped,) = stop(PREDICT, settings)
        running = start(PREDICT, settings, resume=stopped.savepoint)
        job.wait_for_checkpoint(settings, running)
    job.wait_for_end(settings, running)
    job.assert_once(settings, job.decided_offline(settings, evening))


def _statuses(settings: Settings) -> list[JobStatus]:
    return [status for status in job_statuses(settings) if status.name == settings.job_name]


def _runs_restored(settings: Settings, running: str) -> bool:
    """Return True if every task runs, from a checkpoint that the job was restored from."""
    tasks = job.get(settings, f"/jobs/{running}")["status-counts"]
    all_run = tasks["RUNNING"] == sum(tasks.values())
    return all_run and job.get(settings, f"/jobs/{running}/checkpoints")["counts"]["restored"] > 0
