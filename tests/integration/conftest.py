"""Simulated railways shared by the integration tests: boards, what the main job made of them, and the lake of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.local.stack import Stack
from tests.installation import fresh_environment
from tests.integration import job
from zielzeit.berlin_time import BERLIN
from zielzeit.boards.record import BoardRecord
from zielzeit.kafka.consumer import read_topic
from zielzeit.kafka.topic_record import TopicRecord
from zielzeit.lake.reading import Lake
from zielzeit.lake.table_definitions import TABLES
from zielzeit.recordings.read import read_boards
from zielzeit.settings import Settings
from zielzeit.simulator import recording, timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.world import World

Topics = dict[str, list[TopicRecord]]


class Predicted(NamedTuple):
    """Simulated days that went through the main job."""

    settings: Settings
    """Of the job; they name its topics."""
    truth: Path
    """The simulator's truth log of these days."""

    def topics(self) -> Topics:
        """All committed records of the topics that the lake stores, by topic."""

        def read(name: str) -> Iterable[TopicRecord]:
            return read_topic(self.settings, name, from_beginning=True, follow=False, stop=threading.Event())

        return {name: list(read(name)) for table in TABLES for name in table.topics}


@pytest.fixture(scope="session")
def evening(tmp_path_factory: pytest.TempPathFactory) -> list[BoardRecord]:
    """Boards with ``past=1`` of twelve stations from 19:00 until 02:00, every three minutes."""
    file = tmp_path_factory.mktemp("evening") / "boards.jsonl.zst"
    recording.record(
        World(timetable.build(12, seed=5)),
        file,
        start=datetime(2026, 3, 10, 19, tzinfo=BERLIN),
        hours=7,
        faults=Faults.parse("none", seed=5),
    )
    return list(read_boards([file]))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder ``bin`` of a fresh environment that the wheel was installed into, beside Flink's packages."""
    return fresh_environment(tmp_path_factory.mktemp("installed"), wheel)


@pytest.fixture(scope="session")
def predicted(stack: Stack, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Predicted:
    """``--days`` simulated days, by default from 20:00 until 02:00, through the main job."""
    folder = tmp_path_factory.mktemp("days")
    boards, truth = folder / "boards.jsonl.zst", folder / "truth.jsonl.zst"
    recording.record(
        World(timetable.build(request.config.getoption("--stations"), seed=5)),
        boards,
        start=datetime(2026, 3, 9, 20, tzinfo=BERLIN),
        hours=24 * request.config.getoption("--days"),
        faults=Faults.parse("none", seed=5),
        truth_file=truth,
    )
    settings = job.settings_for(stack)
    job.publish(settings, read_boards([boards]))
    job.run_to_end(settings, timeout_seconds=3600)
    return Predicted(settings, truth)


@pytest.fixture(scope="session")
def lake(predicted: Predicted, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """What the storage job wrote of these days, in a folder. Tests must not change it."""
    folder = str(tmp_path_factory.mktemp("lake"))
    return job.store(predicted.settings, folder)
