"""One training run: fit a model on examples, log it in MLflow, register it as a new version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from mlflow.exceptions import MlflowException

from training import boosting, model_registry, model_training
from zielzeit.errors import UserError
from zielzeit.model.delay_model import ModelCard
from zielzeit.printable import told
from zielzeit.progress import SILENT, Progress
from zielzeit.settings import Settings
from zielzeit.stations.table import register


class TrainingRun(NamedTuple):
    """What a run made."""

    card: ModelCard
    store: str
    """URI of the MLflow store that has the run."""
    registered: model_registry.RegisteredVersion


def train_and_register(
    settings: Settings,
    folder: Path,
    until: date,
    out: Path,
    *,
    alias: str,
    seed: int = 1,
    rounds: Mapping[str, int] = boosting.ROUNDS,
    threads: int = boosting.THREADS,
    boards: Sequence[Path] = (),
    progress: Progress = SILENT,
) -> TrainingRun:
    """Train on the examples in ``folder`` up to the service day ``until``, write the model to ``out``, register it.

    ``alias`` names the new version in the registry; ``boards``: as of ``model_training.train``. Raises UserError where
    there are too few examples or MLflow does not take the model.
    """
    card = model_training.train(
        folder,
        until,
        out,
        seed=seed,
        progress=progress,
        rounds=rounds,
        threads=threads,
        stations=register(settings.stations),
        boards=boards,
    )
    with progress.step("log and register the model"):
        store = model_registry.connect(settings)
        try:
            registered = model_registry.register(
                settings, out, card, folder, parameters=boosting.run_parameters(seed, rounds), alias=alias
            )
        except MlflowException as error:
            raise UserError(f"MLflow at {store} did not take the model: {told(error)}") from None
    return TrainingRun(card, store, registered)
