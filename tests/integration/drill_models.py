"""Models of a drill: one that is real and bad, and versions of it in the registry."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import mlflow
import polars as pl

from deploy.local.folders import Folders
from tests.integration.drill import tomorrow
from training import first_model, model_training
from training.history.moments import Moments
from zielzeit.settings import Settings

ROUNDS = {"growth": 10, "p10": 10, "p90": 10, "cancelled": 5}
STATIONS, SEED = 12, 5


def train_bad(settings: Settings, folder: Path) -> Path:
    """Train on a simulated month whose trains all arrived an hour later than they did; return the model's folder."""
    last = tomorrow(0).date() - timedelta(days=2)
    first_model.simulated_month(folder, STATIONS, SEED, last, moments=Moments.of(settings))
    for file in (folder / "examples").glob("day=*/*.parquet"):
        pl.read_parquet(file).with_columns(pl.col("final_delay") + 60).write_parquet(file)
    model_training.train(folder / "examples", last, folder / "model", seed=1, rounds=ROUNDS, threads=1)
    return folder / "model"


def damaged(model: Path, folder: Path) -> Path:
    """Return a copy of a model with one byte more in one of its files."""
    shutil.copytree(model, folder)
    with next(folder.glob("*-growth.txt")).open("a") as file:
        file.write("\n")
    return folder


def promote(settings: Settings, model: Path) -> str:
    """Register the files of a model as a version that predicts from now on; return its number."""
    client = mlflow.MlflowClient(settings.mlflow_uri, settings.mlflow_uri)
    if not client.search_registered_models(f"name='{settings.model_name}'"):
        client.create_registered_model(settings.model_name)
    run = client.create_run("0")
    client.log_artifacts(run.info.run_id, str(model), "model")
    source = f"{run.info.artifact_uri}/model"
    version = str(client.create_model_version(settings.model_name, source, run.info.run_id).version)
    promote_again(settings, version)
    return version


def promote_again(settings: Settings, version: str) -> None:
    """Let a version predict that is registered already."""
    client = mlflow.MlflowClient(settings.mlflow_uri, settings.mlflow_uri)
    client.set_registered_model_alias(settings.model_name, settings.model_alias, version)


def age(settings: Settings, days: int) -> None:
    """Set back in the registry's database when the versions were registered."""
    with closing(sqlite3.connect(Folders.of(settings).mlflow / "mlflow.db")) as database, database:
        earlier = "UPDATE model_versions SET creation_time = creation_time - ? WHERE name = ?"
        changed = database.execute(earlier, (days * 24 * 3600 * 1000, settings.model_name)).rowcount
    assert changed
