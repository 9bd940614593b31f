"""What a peer's process is told, the decision that it drives, and what it tells in the end. All peers share this.

Each process keeps the state of its stations in memory: no peer restores it after a failure, which the project's own
job does. So the peers do less than they would have to in use.
"""

from __future__ import annotations

import sys
import time
from typing import Protocol

import msgspec

from bench.peers.naive import Naive
from zielzeit import settings as configuration
from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.decider import Decider
from zielzeit.decision.offline import Stations
from zielzeit.events import topic_record
from zielzeit.events.structs import Decision
from zielzeit.events.topic_record import Record
from zielzeit.stations.board_key import board_keys
from zielzeit.stations.table import register


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What a process has to do, as JSON in its only argument."""

    bootstrap: str
    """Bootstrap servers of Kafka."""
    boards: str
    """Topic to read."""
    prefix: str
    """Before the names of the topics to write."""
    group: str
    """Consumer group."""
    partitions: tuple[int, ...]
    """Partitions to read, where the process chooses them itself."""
    process: int
    """Number of this process among its engine's, from 0."""
    addresses: tuple[str, ...]
    """Addresses of all of them, for engines whose processes talk to each other."""
    folder: str
    """Folder for files of this process."""
    naive: bool = False
    """Drive the naive decision instead."""


class Told(msgspec.Struct, frozen=True):
    """What a process prints in the end. Unix seconds."""

    first: float
    """When it took its first board; 0 if it took none."""
    done: float
    """When its last decision was written."""


class Decisions(Protocol):
    """Decides the boards of a partition in the order in which they come."""

    def take(self, key: bytes, at: int, value: bytes) -> list[Record]:
        """Take the next board: its station, time (Unix milliseconds) and body; return what is decided now."""
        ...


class Pure:
    """The project's decision for one partition, whose boards drive the watermark."""

    def __init__(self) -> None:
        decider = Decider.of(configuration.load())
        self._key = board_keys(register(decider.stations))
        self._stations = Stations(decider)
        self._newest = -1

    def take(self, key: bytes, at: int, value: bytes) -> list[Record]:
        """See ``Decisions``."""
        steps = []
        if at > self._newest:
            steps = [step for _, step in self._stations.pass_watermark(Milliseconds(at - 1))]
            self._newest = at
        steps.append(self._stations.arrive(self._key(key.decode()), Milliseconds(at), value))
        outputs = (output for step in steps for output in step.outputs)
        return [topic_record.of_decision(output) for output in outputs if isinstance(output, Decision)]


class Partitions:
    """The decisions of all partitions that a process reads."""

    def __init__(self, task: Task) -> None:
        self._naive = task.naive
        self._partitions: dict[int, Decisions] = {}
        self.first = 0.0

    def take(self, partition: int, key: bytes, at: int, value: bytes) -> list[Record]:
        """Take the next board of a partition; see ``Decisions``."""
        decisions = self._partitions.get(partition)
        if decisions is None:
            self.first = self.first or time.time()
            decisions = self._partitions[partition] = self._new()
        return decisions.take(key, at, value)

    def _new(self) -> Decisions:
        return Naive() if self._naive else Pure()


def task() -> Task:
    """The task in this process's argument."""
    return msgspec.json.decode(sys.argv[1], type=Task)


def tell(first: float) -> None:
    """Print when the first board was taken, and that all is done now."""
    print(msgspec.json.encode(Told(first, time.time())).decode(), flush=True)
