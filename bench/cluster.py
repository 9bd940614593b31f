"""A stack of its own for measurements, away from the user's: its programs, and a bounded job from begin to end."""

from __future__ import annotations

import random
import shutil
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final, NamedTuple

import psutil
from kafka import KafkaConsumer, TopicPartition

from deploy.cluster import jobs, rest
from deploy.cluster.job_description import PREDICT, JobDescription
from deploy.cluster.submit import submit
from deploy.local.processes import belonging_to
from deploy.local.stack import Stack
from zielzeit import file_lock, topics
from zielzeit.errors import UserError
from zielzeit.kafka.admin import ensure_topics, remove_topics
from zielzeit.kafka.client import options
from zielzeit.settings import Settings

_PORTS: Final = range(20_000, 30_000)
"""Below those that Linux gives to outgoing connections."""
_POLL_SECONDS: Final = 0.1
_GIB: Final = 2**30


class JobRun(NamedTuple):
    """What a bounded job took."""

    until_running: float
    """Seconds from the submission until all of it ran."""
    seconds: float
    """Seconds from the submission to the end."""
    workers_gib: float
    """Most memory that the TaskManagers held at one moment, GiB."""
    state_bytes: int
    """State in the last checkpoint."""


@contextmanager
def own_stack(settings: Settings) -> Iterator[Stack]:
    """Start a stack on free ports below ``local_dir / "bench"``, and end it and remove its data in the end.

    Raises UserError where another process measures there: each would end the other's stack.
    """
    ports = iter(free_ports(7))
    folder = settings.local_dir / "bench" / "stack"
    own = settings.model_copy(
        update={
            "local_dir": folder,
            "kafka_bootstrap": f"127.0.0.1:{next(ports)}",
            "kafka_controller_port": next(ports),
            "flink_rest": f"http://127.0.0.1:{next(ports)}",
            "flink_rpc_port": next(ports),
            "zookeeper_port": next(ports),
            "flink_metrics_port": next(ports),
            "mlflow_uri": f"http://127.0.0.1:{next(ports)}",
            "high_availability": False,
            "boards_ahead_minutes": 0,
            "restart_attempts": 20,
            "start_from": "earliest-offset",
        }
    )
    measuring = f"another `./zielzeit bench` measures in {folder.parent}: wait for its end"
    with file_lock.held(folder.parent / "stack.lock", measuring):
        stack = Stack(own)
        stack.down()
        _remove(stack)
        try:
            stack.up(["kafka", "flink"])
            yield stack
        finally:
            stack.down()
            _remove(stack)


def new_task_managers(stack: Stack) -> None:
    """End the Flink cluster and start it anew: no compiler of it is warm."""
    stack.down(["flink"])
    stack.up(["flink"])


def own_topics(settings: Settings, **overrides: object) -> Settings:
    """Settings of a bounded job with topics of its own."""
    unique = uuid.uuid4().hex[:8]
    return settings.model_copy(update={"topic_prefix": f"{unique}.", "bounded": True} | own_group() | overrides)


def own_group() -> dict[str, str]:
    """A consumer group of its own, for ``Settings.model_copy``."""
    return {"group_id": f"bench-{uuid.uuid4().hex[:8]}"}


def run_again(stack: Stack, settings: Settings) -> JobRun:
    """``run_job`` in a consumer group of its own, with empty topics to write to."""
    written = [name for name in topics.ALL if name != topics.BOARDS]
    remove_topics(settings, written)
    ensure_topics(settings, written)
    return run_job(stack, settings.model_copy(update=own_group()))


def run_job(stack: Stack, settings: Settings, job: JobDescription = PREDICT) -> JobRun:
    """Submit a bounded job and wait for its end. Raises UserError where it fails."""
    begin = time.perf_counter()
    own = job.settings(settings).model_copy(update={"restart_attempts": 1})  # a fault ends the measurement
    job_id = submit(own, job)
    running, most, seconds = 0.0, 0.0, 0.0
    while not jobs.has_ended(word := jobs.state(settings, job_id)):
        seconds = time.perf_counter() - begin
        running = running or (seconds if word == "RUNNING" else 0.0)
        most = max(most, memory_gib(stack, "TaskManager"))
        time.sleep(_POLL_SECONDS)
    if word != "FINISHED":
        raise UserError(f"the job is {word}: {jobs.failure(settings, job_id)}")
    return JobRun(running, time.perf_counter() - begin, most, state_bytes(settings, job_id))


def state_bytes(settings: Settings, job_id: str) -> int:
    """Size of the state in a job's last completed checkpoint; 0 before the first."""
    latest = rest.get(settings, f"jobs/{job_id}/checkpoints")["latest"]["completed"]
    return int(latest["state_size"]) if latest else 0


def completed_checkpoints(settings: Settings, job_id: str) -> int:
    """How many checkpoints a job has completed."""
    return int(rest.get(settings, f"jobs/{job_id}/checkpoints")["counts"]["completed"])


def memory_gib(stack: Stack, kind: str = "") -> float:
    """Memory that the stack's processes hold now, or those with a word in their command line."""
    held = 0
    for process in belonging_to(stack.folders.root):
        try:
            if any(kind in word for word in process.cmdline()):
                held += process.memory_info().rss
        except psutil.Error:  # it has just ended
            continue
    return held / _GIB


def unread(settings: Settings, group: str) -> int:
    """How many records of the topic ``boards`` a consumer group has not committed yet."""
    topic = settings.topic(topics.BOARDS)
    with closing(KafkaConsumer(**options(settings), group_id=group, enable_auto_commit=False)) as consumer:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        ends = consumer.end_offsets(partitions)
        return sum(end - (consumer.committed(partition) or 0) for partition, end in ends.items())


def await_read(settings: Settings, group: str, timeout_seconds: float = 600.0) -> None:
    """Wait until a consumer group has committed all boards. Raises UserError where it takes too long."""
    deadline = time.monotonic() + timeout_seconds
    while left := unread(settings, group):
        if time.monotonic() > deadline:
            raise UserError(f"{left:,} boards are unread after {timeout_seconds:.0f} s")
        time.sleep(_POLL_SECONDS)


def _remove(stack: Stack) -> None:
    for folder in (stack.folders.kafka, stack.folders.flink):
        shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Different ports of the loopback interface on which no program listens now."""
    found = []
    for port in random.sample(_PORTS, 20 * count):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    return found[:count]
