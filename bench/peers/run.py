"""Runs a peer: its processes over one topic, and how long they took."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bench.cluster import free_ports, unread
from bench.peers.environments import library_path, python_of
from bench.peers.task import Task, Told
from zielzeit import topics
from zielzeit.errors import UserError
from zielzeit.kafka.admin import partition_count
from zielzeit.progress import Progress
from zielzeit.settings import Settings

PROCESSES: Final = 2
_POLL_SECONDS: Final = 0.1
_LONGEST_SECONDS: Final = 600.0


class Peer(NamedTuple):
    """An engine's program."""

    environment: str
    """Which requirements it needs."""
    module: str
    naive: bool = False
    """It drives the naive decision."""
    endless: bool = False
    """It does not end at the end of the topic: it is told to when its group has committed all boards."""


def seconds(peer: Peer, settings: Settings, folder: Path, progress: Progress) -> float:
    """Seconds from the first board that a process takes to the last decision written. Raises UserError if one fails."""
    python = python_of(peer.environment, folder, progress)
    processes = [_start(python, peer.module, task, folder) for task in _tasks(peer, settings, folder)]
    try:
        ended = _end(processes, settings) if peer.endless else 0.0
        with ThreadPoolExecutor(len(processes)) as pool:
            told = [one for one in pool.map(partial(_told, peer.module), processes) if one.first]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return (ended or max(one.done for one in told)) - min(one.first for one in told)


def _tasks(peer: Peer, settings: Settings, folder: Path) -> list[Task]:
    addresses = tuple(f"127.0.0.1:{port}" for port in free_ports(PROCESSES))
    partitions = range(partition_count(settings, topics.BOARDS))
    return [
        Task(
            bootstrap=settings.kafka_bootstrap,
            boards=settings.topic(topics.BOARDS),
            prefix=settings.topic_prefix,
            group=settings.group_id,
            partitions=tuple(partitions[number::PROCESSES]),
            process=number,
            addresses=addresses,
            folder=str(folder / "state" / f"{settings.group_id}-{number}"),
            naive=peer.naive,
        )
        for number in range(PROCESSES)
    ]


def _start(python: Path, module: str, task: Task, folder: Path) -> subprocess.Popen[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("ZIELZEIT_")}
    return subprocess.Popen(  # noqa: S603 - a program of ours
        [str(python), "-m", module, msgspec.json.encode(task).decode()],
        env={**own, "PYTHONPATH": library_path(folder / "library")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _end(processes: list[subprocess.Popen[str]], settings: Settings) -> float:
    """Wait until the group has committed all boards, end its processes, and return when it had, Unix seconds."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    while unread(settings, settings.group_id) and all(process.poll() is None for process in processes):
        if time.monotonic() > deadline:
            raise UserError(f"an engine has not read all boards after {_LONGEST_SECONDS:.0f} s")
        time.sleep(_POLL_SECONDS)
    ended = time.time()
    for process in processes:
        process.send_signal(signal.SIGTERM)
    return ended


def _told(module: str, process: subprocess.Popen[str]) -> Told:
    """What a process printed in the end. Raises UserError with its last words if it failed."""
    output, errors = process.communicate()
    try:
        return msgspec.json.decode(output.splitlines()[-1], type=Told)
    except (IndexError, msgspec.DecodeError):
        raise UserError(f"{module} failed: {errors.strip()[-500:]}") from None
