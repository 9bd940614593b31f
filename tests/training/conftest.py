"""A small railway's history that can be learnt from, made once for all training tests."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from training import examples, model_training
from training.history.importing import import_history
from training.history.moments import Moments
from zielzeit.berlin_time import BERLIN
from zielzeit.model.delay_model import ModelCard
from zielzeit.settings import load
from zielzeit.simulator import recording, timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.history import stop_table
from zielzeit.simulator.world import World

DAYS = 24
FIRST_DAY = date(2026, 3, 1)
ROUNDS = {"growth": 30, "p10": 15, "p90": 15, "cancelled": 10}
"""Trees per head: enough to learn from 24 days."""


class Trained(NamedTuple):
    """A trained model: its folder and its card."""

    folder: Path
    card: ModelCard


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """History of 24 simulated days in one file."""
    path = tmp_path_factory.mktemp("history") / "stops.parquet"
    stop_table(timetable.build(12, seed=3), FIRST_DAY, DAYS).write_parquet(path)
    return path


@pytest.fixture(scope="session")
def examples_folder(history: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples of that history."""
    folder = tmp_path_factory.mktemp("examples")
    import_history([history], folder, Moments.of(load()))
    return folder


@pytest.fixture(scope="session")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour of that railway's boards, on the day after."""
    path = tmp_path_factory.mktemp("boards") / "boards.jsonl"
    begin = datetime.combine(FIRST_DAY + timedelta(days=DAYS), time(12), BERLIN)
    world = World(timetable.build(12, seed=3))
    recording.record(world, path, start=begin, hours=1, every=900, faults=Faults.parse("none", seed=3))
    return path


@pytest.fixture(scope="session")
def trained(examples_folder: Path, boards: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A model trained on all but the last nine days of that history. Tests must not write to its folder."""
    folder = tmp_path_factory.mktemp("model")
    until = examples.days(examples_folder)[-10]
    card = model_training.train(examples_folder, until, folder, seed=1, rounds=ROUNDS, boards=[boards])
    return Trained(folder, card)
