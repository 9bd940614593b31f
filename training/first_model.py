"""A first model in under a minute: a simulated month, imported and trained on, so that the stack has a champion.

The month ends yesterday: the model has seen no train of the days on which the demo's railway, of the same stations and
seed, will run, and the state of the network that goes with it is as fresh as an archive's would be.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from training.history.importing import Report, import_history
from training.history.moments import Moments
from zielzeit.progress import SILENT, Progress
from zielzeit.simulator import timetable
from zielzeit.simulator.history import stop_table

DAYS = 31
ROUNDS = {"growth": 50, "p10": 25, "p90": 25, "cancelled": 15}


def simulated_month(
    folder: Path, stations: int, seed: int, last: date, *, moments: Moments, progress: Progress = SILENT
) -> Report:
    """Simulate the month that ends on a day and write its examples to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    history = folder / "simulated.parquet"
    first = last - timedelta(days=DAYS - 1)
    with progress.step(f"simulate {DAYS} days of {stations} stations"):
        stop_table(timetable.build(stations, seed), first, DAYS).write_parquet(history)
    return import_history([history], folder / "examples", moments, progress)
