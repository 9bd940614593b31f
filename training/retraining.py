"""Retraining for a scheduler: import, train, evaluate, promote, once a day; calibration on the days between."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import msgspec

from training import boosting, data_checks, dataset, examples, model_registry, model_training, promotion
from training.history.importing import import_history
from training.history.moments import Moments
from training.thresholds import Thresholds
from zielzeit.errors import UserError
from zielzeit.progress import SILENT, Progress
from zielzeit.settings import Settings
from zielzeit.stations.table import register

DONE = "retrained_for"
"""Tag of a version: the newest service day when it was trained."""


class RetrainingResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a retraining did; ``uri`` and ``result`` are None where the newest day was trained for already."""

    newest_day: str
    done_before: bool
    uri: str | None = None
    result: promotion.PromotionResult | None = None


def retrain(
    settings: Settings,
    folder: Path,
    files: Sequence[Path],
    *,
    today: date,
    rules: Thresholds,
    progress: Progress = SILENT,
    seed: int = 1,
    rounds: Mapping[str, int] | None = None,
) -> RetrainingResult:
    """Train a challenger unless the newest day has one, and promote it if it holds. The newest days are not trained on.

    Raises UserError where data is missing, stale or shifted; the registry is unchanged then.
    """
    stations = register(settings.stations)
    if files:
        import_history(files, folder, Moments.of(settings), progress, stations)
    data_checks.check_examples(folder, today, rules.data)
    newest = examples.days(folder)[-1]
    client = mlflow.MlflowClient()
    versions = client.search_model_versions(f"name='{settings.model_name}'")
    if any(version.tags.get(DONE) == str(newest) for version in versions):
        return RetrainingResult(newest_day=str(newest), done_before=True)
    until = newest - timedelta(days=rules.promotion.newest_days + dataset.GAP_DAYS)
    if until <= examples.days(folder)[0]:
        raise UserError(f"{folder} has too few days: {rules.promotion.newest_days} are kept to judge on")
    with TemporaryDirectory(prefix="zielzeit-retrain-") as scratch:
        model_training.train(
            folder, until, Path(scratch), seed=seed, progress=progress, rounds=rounds, stations=stations
        )
        # Its intervals are as fresh as can be; judging it calibrates each day with the days before that one.
        card = model_training.recalibrate(Path(scratch), folder, newest)
        registered = model_registry.register(
            settings,
            Path(scratch),
            card,
            folder,
            parameters=boosting.run_parameters(seed, rounds or boosting.ROUNDS),
            alias=model_registry.CHALLENGER,
        )
    result = promotion.promote(settings, folder, rules.promotion)
    client.set_model_version_tag(settings.model_name, registered.version, DONE, str(newest))
    return RetrainingResult(newest_day=str(newest), done_before=False, uri=registered.uri, result=result)


def calibrate(settings: Settings, folder: Path) -> str | None:
    """Calibrate the champion's intervals on the newest days and register the result as champion; returns its URI.

    Everything but the intervals stays as it is. Returns None where the champion is calibrated or trained on the newest
    day already. Raises UserError where there is no champion.
    """
    newest = examples.days(folder)[-1:]
    if not newest:
        raise UserError(f"{folder} holds no examples (day=…/*.parquet)")
    model, files = model_registry.fetch(f"models:/{settings.model_name}@{settings.model_alias}")
    if str(newest[0]) <= max(model.card.calibrated_until, model.card.trained_until):
        return None
    with TemporaryDirectory(prefix="zielzeit-calibrate-") as scratch:
        copy = Path(shutil.copytree(files, Path(scratch) / "model"))
        card = model_training.recalibrate(copy, folder, newest[0])
        registered = model_registry.register(
            settings,
            copy,
            card,
            folder,
            parameters={"calibrated_until": card.calibrated_until},
            alias=settings.model_alias,
        )
    return registered.uri
