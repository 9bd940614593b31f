"""Germany's load on the running job: 5,400 stations with a board each three minutes, as fast as time passes.

The job first reads the boards of the minutes before, as fast as it can. From then on each board is published at its own
time, and a reader of committed records notes when it sees each decision and prediction.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from kafka import TopicPartition
from kafka.partitioner.default import murmur2

from bench.cluster import await_read, own_topics
from bench.inputs import Boards, publish
from deploy.cluster import jobs
from deploy.cluster.submit import submit
from deploy.local.stack import Stack
from zielzeit import topics
from zielzeit.boards.record import BoardRecord
from zielzeit.errors import UserError
from zielzeit.kafka.admin import remove_topics
from zielzeit.kafka.consumer import committed_consumer
from zielzeit.kafka.producer import BoardProducer
from zielzeit.progress import Progress, counted
from zielzeit.settings import Settings

READ: Final = (topics.DEPARTURES, topics.PREDICTIONS)
_POLL_SECONDS: Final = 0.05
_BEFORE: Final = timedelta(seconds=5)
"""Event time that passes live before the first decision whose delay counts."""


class Seen(NamedTuple):
    """When a reader saw a record."""

    topic: str
    decided_at: datetime
    seconds: float
    """From when its decision was possible: when every partition had a board of that time or later."""


@contextmanager
def running(stack: Stack, before: Sequence[BoardRecord], progress: Progress, **overrides: object) -> Iterator[Job]:
    """The whole job, which has read these boards; it is cancelled in the end."""
    settings = own_topics(stack.settings, bounded=False, idle_timeout_seconds=600.0, **overrides)
    publish(settings, before, len(before), progress)
    job_id = submit(settings)
    try:
        with progress.step("the job reads what was before"):
            await_running(settings, job_id)
            await_read(settings, settings.group_id)
        yield Job(settings, job_id)
    finally:
        jobs.cancel(settings, job_id)
        remove_topics(settings, topics.ALL)


class Job(NamedTuple):
    """A job that runs."""

    settings: Settings
    job_id: str


def await_running(settings: Settings, job_id: str, timeout_seconds: float = 300.0) -> None:
    """Wait until all tasks of a job run. Raises UserError where it ends or takes too long."""
    deadline = time.monotonic() + timeout_seconds
    while (word := jobs.state(settings, job_id)) != "RUNNING":
        if jobs.has_ended(word) or time.monotonic() > deadline:
            raise UserError(f"the job is {word}: {jobs.failure(settings, job_id)}")
        time.sleep(_POLL_SECONDS)


def split(boards: Boards, live: timedelta) -> tuple[list[BoardRecord], list[BoardRecord]]:
    """The boards before, and those of the last ``live``."""
    records = list(boards)
    begin = records[-1].polled_at - live
    place = bisect_left(records, begin, key=lambda one: one.polled_at)
    return records[:place], records[place:]


def follow(job: Job, boards: Sequence[BoardRecord], progress: Progress) -> list[Seen]:
    """Publish boards at the pace of their times, and return when each decision made meanwhile was seen."""
    settings, first = job.settings, boards[0].polled_at
    noted: list[tuple[str, datetime, float]] = []
    stop, ready = threading.Event(), threading.Event()
    reader = threading.Thread(target=_read, args=(settings, noted, ready, stop))
    reader.start()
    try:
        ready.wait(30)
        begin = time.time()
        times: dict[int, list[datetime]] = defaultdict(list)
        with BoardProducer(settings) as producer:
            for one in counted(progress, "boards at their own time", len(boards), boards):
                due = begin + (one.polled_at - first).total_seconds()
                time.sleep(max(0.0, due - time.time()))
                producer.publish(one)
                times[_partition(settings, one.station)].append(one.polled_at)
            producer.flush()
            producer.check()
        time.sleep(settings.checkpoint_interval_seconds + 2)
    finally:
        stop.set()
        reader.join()
    return [
        Seen(topic, decided_at, at - begin - (possible - first).total_seconds())
        for topic, decided_at, at in noted
        if decided_at >= first + _BEFORE and (possible := _possible(times, decided_at)) is not None
    ]


def _possible(times: dict[int, list[datetime]], decided_at: datetime) -> datetime | None:
    """Time of the board by which every partition had reached this time; None if not all did."""
    places = [(of, bisect_left(of, decided_at)) for of in times.values()]
    return None if any(place == len(of) for of, place in places) else max(of[place] for of, place in places)


def _partition(settings: Settings, key: str) -> int:
    """The partition that Kafka's producers choose for a key."""
    hashed: int = murmur2(key.encode())
    return (hashed & 0x7FFFFFFF) % settings.topic_partitions


def _read(
    settings: Settings, noted: list[tuple[str, datetime, float]], ready: threading.Event, stop: threading.Event
) -> None:
    """Note topic, event time and time of arrival of each committed record from now on."""
    with closing(committed_consumer(settings)) as consumer:
        names = {settings.topic(name): name for name in READ}
        partitions = [TopicPartition(name, number) for name in names for number in consumer.partitions_for_topic(name)]
        ends = consumer.end_offsets(partitions)
        consumer.assign(partitions)
        for partition, end in ends.items():
            consumer.seek(partition, end)
        ready.set()
        while not stop.is_set():
            for partition, records in consumer.poll(50).items():
                now = time.time()
                noted.extend(
                    (names[partition.topic], datetime.fromtimestamp(one.timestamp / 1000).astimezone(), now)
                    for one in records
                )
