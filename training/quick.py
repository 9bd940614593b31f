"""A first model in under a minute: a simulated month, imported and trained on, so that the stack has a champion."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ingest.simulator import network
from ingest.simulator.history import stop_table
from training.history.importing import Report, import_history

DAYS = 31
FIRST_DAY = date(2026, 3, 1)
STATIONS = 40
ROUNDS = {"growth": 50, "p10": 25, "p90": 25, "cancelled": 15}


def simulated_month(folder: Path, seed: int) -> Report:
    """Simulate a month and write its examples to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    history = folder / "simulated.parquet"
    stop_table(network.build(STATIONS, seed), FIRST_DAY, DAYS).write_parquet(history)
    return import_history([history], folder / "examples")
