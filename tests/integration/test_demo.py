"""The demo as a person starts it, on the session's broker, cluster and registry."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

import msgspec
import pytest

from deploy.cluster import jobs
from deploy.demo.run import TOPIC_PREFIX
from deploy.local.stack import Stack
from tests.integration import job
from tests.waiting import wait_until
from zielzeit import topics
from zielzeit.events.structs import Decision, Prediction
from zielzeit.kafka.consumer import read_topic
from zielzeit.settings import ROOT, Settings

pytestmark = pytest.mark.integration

_T = TypeVar("_T")


class Departure(msgspec.Struct):
    """A line of the simulator's truth log."""

    station: str
    category: str
    number: str
    scheduled_departure: datetime | None
    actual_departure: datetime | None
    terminates_here: bool
    undecidable: str | None

    @property
    def id(self) -> str:
        """Id of the decision about this stop."""
        assert self.scheduled_departure is not None
        return f"{self.station}|{self.category} {self.number}|{self.scheduled_departure:%Y-%m-%dT%H:%M}"


class Demo:
    """A running ``zielzeit demo`` and the lines that it has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(line.rstrip())

    def await_line(self, part: str, seconds: float) -> None:
        """Wait until the demo has printed a line that contains ``part``."""

        def printed() -> bool:
            assert self.process.poll() is None, self.end()
            return any(part in line for line in self.lines)

        wait_until(f"a line with {part!r}", printed, seconds)

    def end(self) -> str:
        """The last twenty lines."""
        return "\n".join(self.lines[-20:])


@contextmanager
def demo(settings: Settings, *arguments: str) -> Iterator[Demo]:
    """Run ``zielzeit demo`` without a terminal; terminated if the test fails."""
    with subprocess.Popen(
        [sys.executable, "-m", "cli.app", "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, **settings.as_environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield Demo(process)
        finally:
            process.terminate()


def kill(stack: Stack, name: str) -> None:
    """SIGKILL a program of the stack, and wait until the stack has started it again."""
    (before,) = [status for status in stack.status() if status.name == name]
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)

    def is_back() -> bool:
        (now,) = [status for status in stack.status() if status.name == name]
        return now.state == "up" and now.pid != before.pid

    wait_until(f"{name} is back", is_back, timeout_seconds=60)


def wait_for_job(settings: Settings) -> None:
    """Wait until all tasks of the demo's job run and two more checkpoints have completed."""

    def runs() -> bool:
        return jobs.state(settings, running) == "RUNNING"

    demo_settings = settings.model_copy(update={"topic_prefix": TOPIC_PREFIX})
    (running,) = jobs.named(settings, demo_settings.job_name)
    wait_until("the job runs", runs, timeout_seconds=90)
    job.wait_for_checkpoints(settings, running, job.completed_checkpoints(settings, running) + 2)


def committed(stack: Stack, topic: str, kind: type[_T]) -> list[_T]:
    """Committed records of the demo's topic."""
    settings = stack.settings.model_copy(update={"topic_prefix": TOPIC_PREFIX})
    records = read_topic(settings, topic, from_beginning=True, follow=False, stop=Event())
    return [msgspec.json.decode(record.value, type=kind) for record in records]


def truth(stack: Stack) -> list[Departure]:
    """Departures in the simulator's truth log that can be decided from boards."""
    lines = Path(stack.settings.local_dir / "demo" / "truth.jsonl").read_bytes().splitlines()
    told = [msgspec.json.decode(line, type=Departure) for line in lines if line.endswith(b"}")]
    return [each for each in told if each.actual_departure and not each.terminates_here and not each.undecidable]


def test_whatever_is_killed_every_departure_is_decided_and_predicted_once(stack: Stack) -> None:
    with demo(stack.settings, "--minutes", "2", "--speed", "40", "--seed", "7") as running:
        running.await_line(" left ", seconds=240)
        kill(stack, "poller")
        kill(stack, "taskmanager-1")
        wait_for_job(stack.settings)
        stack.down({"kafka"})
        time.sleep(10)  # producer, job and reader of the demo must survive an outage of some length
        stack.up({"kafka"})
        assert running.process.wait(timeout=240) == 0, running.end()

    predictions = committed(stack, topics.PREDICTIONS, Prediction)
    decisions = committed(stack, topics.DEPARTURES, Decision)
    assert not [name for name, count in Counter(each.id for each in predictions).items() if count > 1]
    assert not [key for key, count in Counter((each.id, each.revision) for each in decisions).items() if count > 1]

    # The job was stopped in the middle of its work: a departure's prediction may have been on its way.
    end = max(each.decided_at for each in predictions) - timedelta(minutes=10)
    departed = {each.id for each in decisions if each.kind == "departed" and each.decided_at < end}
    predicted = {each.id for each in predictions}
    assert departed <= predicted
    assert predicted <= {each.id for each in decisions}

    begin = min(each.scheduled for each in decisions) + timedelta(hours=1)
    happened = {
        each.id
        for each in truth(stack)
        if begin < each.actual_departure < end - timedelta(minutes=20)  # type: ignore[operator]
    }
    assert len(happened) > 50
    assert happened <= {each.id for each in decisions if each.kind == "departed"}


def test_ctrl_c_before_anything_runs_leaves_the_stack_as_it_was(stack: Stack) -> None:
    before = {status.name: status.pid for status in stack.status()}
    with demo(stack.settings) as running:
        running.await_line("Railway", seconds=60)
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(timeout=60) == 130
    assert {status.name: status.pid for status in stack.status()} == before
