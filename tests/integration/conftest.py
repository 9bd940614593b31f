"""Simulated days that went through the main job, for the tests of what is stored of them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.local.stack import Stack
from tests.integration import job
from zielzeit.berlin_time import BERLIN
from zielzeit.kafka.consumer import read_topic
from zielzeit.kafka.topic_record import TopicRecord
from zielzeit.lake.table_definitions import TABLES
from zielzeit.recordings.read import read_boards
from zielzeit.settings import Settings
from zielzeit.simulator import recording, timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.world import World

Topics = dict[str, list[TopicRecord]]


class Predicted(NamedTuple):
    """Days that went through the main job."""

    settings: Settings
    truth: Path

    def topics(self) -> Topics:
        """What is on the topics now."""

        def read(name: str) -> Iterable[TopicRecord]:
            return read_topic(self.settings, name, from_beginning=True, follow=False, stop=threading.Event())

        return {name: list(read(name)) for table in TABLES for name in table.topics}


@pytest.fixture(scope="session")
def predicted(stack: Stack, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Predicted:
    """The days of ``--days``, an evening past midnight by default, with their truth beside them."""
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
