"""How long the job is away when a TaskManager is killed while it holds the state of Germany's stations."""

from __future__ import annotations

import os
import signal
import time

from bench.cluster import completed_checkpoints, state_bytes
from bench.inputs import Boards
from bench.live import Job, await_running, running
from bench.measurement import Measurement, summary
from deploy.cluster import jobs
from deploy.local.stack import Stack
from zielzeit.errors import UserError
from zielzeit.progress import Progress

_POLL_SECONDS = 0.05
_LONGEST_SECONDS = 120.0
_VICTIM = "taskmanager-1"


def measure(stack: Stack, boards: Boards, repeat: int, progress: Progress) -> list[Measurement]:
    """Seconds from the kill until all tasks run again, and until the next checkpoint makes records visible."""
    until_running, until_checkpoint = [], []
    with running(stack, list(boards), progress) as job:
        with progress.step("kill and restart", repeat) as step:
            for _ in range(repeat):
                running_again, checkpoint = _killed(stack, job)
                until_running.append(running_again)
                until_checkpoint.append(checkpoint)
                step.advance()
        state = state_bytes(job.settings, job.job_id) / 2**20
    note = (
        f"{boards.stations:,} stations, {state:.0f} MiB of state, checkpoint every "
        f"{stack.settings.checkpoint_interval_seconds:g} s"
    )
    return [
        summary("restart", "until all of the job runs", "s", until_running, guarantee="exactly once", note=note),
        summary("restart", "until the next checkpoint", "s", until_checkpoint, guarantee="exactly once", note=note),
    ]


def _killed(stack: Stack, job: Job) -> tuple[float, float]:
    """Kill a TaskManager; seconds until all tasks run again, and until a checkpoint is complete."""
    settings = job.settings
    stack.up(["flink"])
    (pid,) = (status.pid for status in stack.status() if status.name == _VICTIM)
    if pid is None:
        raise UserError(f"{_VICTIM} does not run")
    _await_checkpoint(job, completed_checkpoints(settings, job.job_id))
    os.kill(pid, signal.SIGKILL)
    begin = time.monotonic()
    while jobs.state(settings, job.job_id) == "RUNNING":
        if time.monotonic() - begin > _LONGEST_SECONDS:
            raise UserError(f"the job has not noticed that {_VICTIM} was killed")
        time.sleep(_POLL_SECONDS)
    before = completed_checkpoints(settings, job.job_id)
    await_running(settings, job.job_id)
    again = time.monotonic() - begin
    _await_checkpoint(job, before)
    return again, time.monotonic() - begin


def _await_checkpoint(job: Job, before: int) -> None:
    deadline = time.monotonic() + _LONGEST_SECONDS
    while completed_checkpoints(job.settings, job.job_id) <= before:
        if time.monotonic() > deadline:
            raise UserError(f"no checkpoint was completed within {_LONGEST_SECONDS:.0f} s")
        time.sleep(_POLL_SECONDS)
