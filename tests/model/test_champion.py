"""No model, no stop: the registry's champion, else the newest copy, else persistence; a bad version is refused."""

from __future__ import annotations

import math
import time
from pathlib import Path

import msgspec
import pytest

from zielzeit.features.network_state import FEATURES
from zielzeit.model import champion as serving
from zielzeit.model.champion import Champion
from zielzeit.model.registry_address import Registry

NOBODY = "http://127.0.0.1:1"
"""A registry that refuses at once."""


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")


def registry(folder: Path, uri: str = NOBODY, refresh_seconds: float = 3600) -> Registry:
    return Registry(uri=uri, name="delay", alias="champion", folder=str(folder), refresh_seconds=refresh_seconds)


def write_model(folder: Path, growth: float, features: tuple[str, ...] = FEATURES) -> Path:
    """A model whose every tree says ``growth``, made by LightGBM itself."""
    import lightgbm
    import numpy as np

    from zielzeit import train_classes
    from zielzeit.model import delay_model

    folder.mkdir(parents=True, exist_ok=True)
    rows = np.random.default_rng(1).normal(size=(200, len(FEATURES)))
    booster = lightgbm.train(
        {"objective": "regression", "verbosity": -1, "num_threads": 1},
        lightgbm.Dataset(rows, np.full(200, growth)),
        num_boost_round=1,
    )
    for train_class in train_classes.CLASSES:
        for head in delay_model.HEADS:
            booster.save_model(str(folder / delay_model.file_name(train_class, head)))
    files = {path.name: delay_model.checksum(path) for path in folder.glob("*.txt")}
    card = delay_model.ModelCard(features=features, calibration={}, files=files)
    (folder / delay_model.FILE).write_bytes(msgspec.json.encode(card))
    return folder


def copy_of(folder: Path, version: int, growth: float, **more: object) -> None:
    """A local copy as an earlier run of the job left it."""
    copy = write_model(folder / "delay" / str(version), growth, **more)  # type: ignore[arg-type]
    card = {"name": "delay", "version": str(version), "run_id": f"run-{version}"}
    (copy / serving._CARD).write_bytes(msgspec.json.encode(card))


def served_delay(champion: Champion, delay: float = 10.0) -> float:
    row = [0.0] * len(FEATURES)
    row[FEATURES.index("delay")] = delay
    (score,) = champion.current().model.predict([row])
    return score.predicted_delay


def test_without_registry_and_copy_persistence_serves(tmp_path: Path) -> None:
    champion = Champion(registry(tmp_path))
    assert champion.current().version == "baseline"
    assert served_delay(champion) == 10.0
    champion.close()


def test_without_registry_the_newest_copy_serves(tmp_path: Path) -> None:
    copy_of(tmp_path, 9, 1.0)
    copy_of(tmp_path, 10, 2.0)
    champion = Champion(registry(tmp_path))
    assert (champion.current().version, champion.current().run_id) == ("10", "run-10")
    assert math.isclose(served_delay(champion), 12.0)
    champion.close()


def test_a_copy_trained_on_other_features_is_passed_over(tmp_path: Path) -> None:
    copy_of(tmp_path, 1, 1.0)
    copy_of(tmp_path, 2, 2.0, features=("something", "else"))
    champion = Champion(registry(tmp_path))
    assert champion.current().version == "1"
    champion.close()


@pytest.fixture
def mlflow_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A real registry of MLflow in a SQLite file; returns its address."""
    import mlflow

    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    mlflow.create_experiment("tests", artifact_location=(tmp_path / "artifacts").as_uri())
    mlflow.set_experiment("tests")
    return uri


def register(model: Path) -> str:
    """Register a folder as the next version, and make it champion."""
    import mlflow

    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(model), "model")
        client = mlflow.MlflowClient()
        if not client.search_registered_models("name = 'delay'"):
            client.create_registered_model("delay")
        version = client.create_model_version("delay", f"{run.info.artifact_uri}/model", run.info.run_id)
        client.set_registered_model_alias("delay", "champion", version.version)
    return str(version.version)


def wait_for(champion: Champion, version: str) -> None:
    deadline = time.monotonic() + 30
    while champion.current().version != version:
        assert time.monotonic() < deadline, f"still version {champion.current().version}"
        time.sleep(0.05)


def test_the_champion_serves_and_a_new_one_takes_over_while_running(tmp_path: Path, mlflow_store: str) -> None:
    register(write_model(tmp_path / "one", 1.0))
    champion = Champion(registry(tmp_path / "copies", mlflow_store, refresh_seconds=0.1))
    assert champion.current().version == "1"
    assert math.isclose(served_delay(champion), 11.0)
    register(write_model(tmp_path / "two", 2.0))
    wait_for(champion, "2")
    assert math.isclose(served_delay(champion), 12.0)
    champion.close()


def test_a_new_champion_that_fails_its_check_is_refused_and_the_old_one_stays(
    tmp_path: Path, mlflow_store: str
) -> None:
    register(write_model(tmp_path / "one", 1.0))
    champion = Champion(registry(tmp_path / "copies", mlflow_store, refresh_seconds=0.1))
    register(write_model(tmp_path / "two", 2.0, features=("something", "else")))
    deadline = time.monotonic() + 20
    while not champion._refused:
        assert champion.current().version == "1"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert champion.current().version == "1"
    register(write_model(tmp_path / "three", 3.0))
    wait_for(champion, "3")
    champion.close()
