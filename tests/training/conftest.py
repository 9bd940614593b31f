"""A small railway's history that can be learnt from, made once for all training tests."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from training import examples, model_training
from training.history.importing import import_history
from training.history.moments import Moments
from zielzeit.model.delay_model import ModelCard
from zielzeit.settings import load
from zielzeit.simulator import timetable
from zielzeit.simulator.history import stop_table

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
def trained(examples_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A model trained on all but the last nine days of that history. Tests must not write to its folder."""
    folder = tmp_path_factory.mktemp("model")
    until = examples.days(examples_folder)[-10]
    return Trained(folder, model_training.train(examples_folder, until, folder, seed=1, rounds=ROUNDS))
