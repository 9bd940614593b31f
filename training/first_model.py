"""A first model in under a minute: simulate a month, import it, train on it, so that the stack has a champion.

The month ends yesterday. The demo's railway, of the same stations and seed, runs on later days: the model is not
trained on the trains that it predicts, and its state of the network is one day old.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from training.boosting import THREADS
from training.history.importing import Report, import_history
from training.history.moments import Moments
from training.training_run import TrainingRun, train_and_register
from zielzeit.berlin_time import BERLIN
from zielzeit.progress import SILENT, Progress
from zielzeit.settings import Settings
from zielzeit.simulator import timetable
from zielzeit.simulator.history import stop_table

DAYS = 31
ROUNDS = {"growth": 50, "p10": 25, "p90": 25, "cancelled": 15}


def train_first_model(
    settings: Settings,
    *,
    stations: int,
    seed: int,
    last: date | None = None,
    alias: str | None = None,
    out: Path | None = None,
    threads: int = THREADS,
    progress: Progress = SILENT,
) -> TrainingRun:
    """Simulate the month up to the service day ``last`` (else yesterday), train on it and register the model.

    The new version is the champion, unless ``alias`` says otherwise. ``out`` keeps the model's files.
    """
    last = last or datetime.now(BERLIN).date() - timedelta(days=1)
    with TemporaryDirectory(prefix="zielzeit-train-") as name:
        scratch = Path(name)
        simulated_month(scratch, stations, seed, last, moments=Moments.of(settings), progress=progress)
        return train_and_register(
            settings,
            scratch / "examples",
            last,
            out or scratch / "model",
            alias=alias or settings.model_alias,
            seed=seed,
            rounds=ROUNDS,
            threads=threads,
            progress=progress,
        )


def simulated_month(
    folder: Path, stations: int, seed: int, last: date, *, moments: Moments, progress: Progress = SILENT
) -> Report:
    """Simulate the month that ends on a day and write its examples to ``folder / "examples"``."""
    folder.mkdir(parents=True, exist_ok=True)
    history = folder / "simulated.parquet"
    first = last - timedelta(days=DAYS - 1)
    with progress.step(f"simulate {DAYS} days of {stations} stations"):
        stop_table(timetable.build(stations, seed), first, DAYS).write_parquet(history)
    return import_history([history], folder / "examples", moments, progress)
