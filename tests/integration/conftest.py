"""Simulated days that went through the main job, for the tests of what is stored of them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.stack import Stack
from ingest.recorded import read_boards
from ingest.simulator import network, recording
from ingest.simulator.faults import Faults
from ingest.simulator.world import World
from ingest.tail import TopicRecord, read_topic
from lake.tables import TABLES
from settings import Settings
from tests.integration import job
from udfs.clock import BERLIN

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
        World(network.build(request.config.getoption("--stations"), seed=5)),
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
