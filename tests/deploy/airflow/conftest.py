"""Airflow in its environment, a simulated month that it retrains on, and a small lake."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.deploy.airflow.airflow_under_test import Airflow, installed
from tests.lake.handmade import put
from training import first_model, thresholds
from training.history.moments import Moments
from zielzeit.lake.table_definitions import TABLES
from zielzeit.settings import load

LAST = date(2026, 3, 9)
"""The newest day of the examples and of the lake."""


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """Airflow with a database of its own."""
    with installed(tmp_path_factory.mktemp("airflow")) as found:
        yield found


@pytest.fixture(scope="session")
def examples_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Examples of a simulated month of six stations. Tests must not write to it."""
    folder = tmp_path_factory.mktemp("month")
    first_model.simulated_month(folder, stations=6, seed=1, last=LAST, moments=Moments.of(load()))
    return folder / "examples"


@pytest.fixture
def lake(examples_folder: Path, tmp_path: Path) -> Path:
    """A small lake: the examples, and a file or two of the last days in every other table, written an hour ago."""
    folder = tmp_path / "lake"
    shutil.copytree(examples_folder, folder / "examples")
    for table in TABLES:
        for day in (7, 8, 9) if table.name != "examples" else ():
            row = {table.columns[0].name: "x"} | (
                {"polled_at": datetime(2026, 3, day, 12, tzinfo=UTC)} if table.name == "boards" else {}
            )
            for number in range(2):
                put(folder, table.name, f"2026-03-{day:02}", f"part-x-0-{number}", [row])
    before = time.time() - 7200
    for file in folder.rglob("*"):
        os.utime(file, (before, before))
    return folder


@pytest.fixture(scope="session")
def open_gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of thresholds that a challenger of the simulated month passes, however old the month is."""
    return _rules(
        tmp_path_factory,
        mae_ratio=10.0,
        class_mae_ratio=10.0,
        coverage_lowest=0.0,
        coverage_highest=1.0,
        skill_lowest=-9.0,
    )


@pytest.fixture(scope="session")
def closed_gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of thresholds that no challenger passes; it accepts the same data."""
    return _rules(tmp_path_factory, skill_lowest=1.0)


def _rules(tmp_path_factory: pytest.TempPathFactory, **changed: float) -> Path:
    """The project's thresholds with some of them changed, and without limits of the data."""
    no_limits = {"stale_days": 100_000, "rows_lowest": 0.0, "label_rate_lowest": 0.0, "delay_shift": 1000.0}
    lines = thresholds.FILE.read_text().splitlines()
    for name, value in {"newest_days": 4, **no_limits, **changed}.items():
        (place,) = (place for place, line in enumerate(lines) if line.startswith(f"{name} "))
        lines[place] = f"{name} = {value}"
    file = tmp_path_factory.mktemp("rules") / "rules.toml"
    file.write_text("\n".join(lines) + "\n")
    return file
