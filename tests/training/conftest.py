"""A small railway's history that can be learnt from, made once for all training tests."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from training.history.importing import import_history
from zielzeit.simulator import timetable
from zielzeit.simulator.history import stop_table

DAYS = 24
FIRST_DAY = date(2026, 3, 1)


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
    import_history([history], folder)
    return folder
