"""One model, four ways to ask it: the job, `decide --outcomes`, `predict` and MLflow's REST endpoint say the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import polars as pl
import pytest
import requests

from deploy.local.stack import Stack
from tests.conftest import free_ports
from tests.integration import job
from tests.waiting import wait_until
from training import first_model, model_registry, model_training
from training.history.moments import Moments
from zielzeit import topics
from zielzeit.berlin_time import BERLIN
from zielzeit.boards.record import BoardRecord
from zielzeit.features.network_state import FEATURES
from zielzeit.model.delay_model import OUTPUTS
from zielzeit.recordings.read import read_boards
from zielzeit.recordings.write import write_boards
from zielzeit.settings import ROOT, Settings
from zielzeit.simulator import recording, timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.world import World

pytestmark = pytest.mark.integration

STATIONS, SEED = 12, 5
DAY = date(2026, 3, 10)
ROUNDS = {"growth": 20, "p10": 10, "p90": 10, "cancelled": 5}


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> list[BoardRecord]:
    """Boards from 18:00 until 22:00."""
    out = tmp_path_factory.mktemp("boards") / "boards.jsonl.zst"
    recording.record(
        World(timetable.build(STATIONS, SEED)),
        out,
        start=datetime(DAY.year, DAY.month, DAY.day, 18, tzinfo=BERLIN),
        hours=4,
        every=240,
        past=True,
        faults=Faults.parse("none", seed=SEED),
    )
    return list(read_boards([out]))


@pytest.fixture(scope="module")
def settings(stack: Stack, boards: list[BoardRecord], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a job that has run to its end with a champion trained on the days before."""
    config = job.settings_for(stack, model_name="scores-alike")
    folder = tmp_path_factory.mktemp("history")
    first_model.simulated_month(folder, STATIONS, SEED, DAY - timedelta(days=1), moments=Moments.of(config))
    before = mlflow.get_tracking_uri()
    model_registry.connect(config)
    model, data = folder / "model", folder / "examples"
    card = model_training.train(data, DAY - timedelta(days=2), model, seed=1, rounds=ROUNDS, threads=1)
    model_registry.register(config, model, card, data, parameters={}, alias=config.model_alias)
    job.publish(config, boards)
    job.run_to_end(config)
    yield config
    mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def examples(settings: Settings) -> pl.DataFrame:
    """The job's examples, as the lake stores them, each with the job's own prediction (columns ``stream_…``)."""
    predicted = {record["id"]: record for record in job.records(settings, topics.PREDICTIONS)}
    rows = []
    for record in job.records(settings, topics.EXAMPLES):
        prediction = predicted[record["id"]]
        assert prediction["model_name"] == settings.model_name
        about = {name: record[name] for name in ("category", "number", "line", "station", "destination")}
        times = {name: datetime.fromisoformat(record[name]) for name in ("scheduled", "decided_at")}
        rows.append(
            about
            | times
            | record["features"]
            | {f"stream_{name}": prediction[name] for name in OUTPUTS}
            | {"labelled_at": datetime.fromisoformat(record["known_at"])}
            | {"final_delay": record["final_delay"], "cancelled": record["cancelled"]}
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def test_the_job_begins_with_what_the_models_history_knew(examples: pl.DataFrame) -> None:
    assert len(examples) > 100
    assert (examples["train_weight"] > 1).mean() > 0.9
    assert examples["ahead_fastest"].is_not_null().mean() > 0.9


def test_job_batch_and_rest_endpoint_score_alike(settings: Settings, examples: pl.DataFrame, tmp_path: Path) -> None:
    said_by_job = examples.select(f"stream_{name}" for name in OUTPUTS).to_numpy().astype(float)
    said_by_batch = batch_scores(settings, examples, tmp_path)
    with serving(settings) as url:
        table = examples.select(FEATURES)
        answer = requests.post(
            f"{url}/invocations",
            json={"dataframe_split": {"columns": table.columns, "data": [list(row) for row in table.iter_rows()]}},
            timeout=30,
        )
        answer.raise_for_status()
    said_by_rest = np.array([[row[name] for name in OUTPUTS] for row in answer.json()["predictions"]])
    np.testing.assert_allclose(said_by_rest, said_by_batch, atol=1e-9)
    np.testing.assert_allclose(said_by_job, said_by_batch, atol=0.00501)  # the topic has hundredths of minutes


def test_without_flink_the_outcomes_are_those_of_the_job(
    settings: Settings, boards: list[BoardRecord], tmp_path: Path
) -> None:
    lines = tmp_path / "boards.jsonl"
    assert len(list(write_boards(boards, lines))) == len(boards)
    model = f"models:/{settings.model_name}@{settings.model_alias}"
    command = [sys.executable, "-m", "cli.app", "decide", "--outcomes", "--model", model, str(lines)]
    environment = {**os.environ, **settings.as_environment()}
    printed = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    offline = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    assert len({one["prediction"]["model_version"] for one in offline} - {"", "baseline"}) == 1
    by_job = job.records(settings, topics.OUTCOMES)
    assert sorted(offline, key=by_id) == sorted(by_job, key=by_id)


def by_id(outcome: dict[str, Any]) -> str:
    return str(outcome["prediction"]["id"])


def batch_scores(settings: Settings, examples: pl.DataFrame, folder: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Scores of the examples by ``zielzeit predict``."""
    (folder / f"day={DAY}").mkdir()
    examples.select(pl.exclude("^stream_.*$")).write_parquet(folder / f"day={DAY}" / "part-0-0.parquet")
    model = f"models:/{settings.model_name}@{settings.model_alias}"
    out = folder / "scores.parquet"
    command = ["-m", "cli.app", "predict", "--examples", str(folder), "--model", model, "--out", str(out)]
    environment = {**os.environ, **settings.as_environment()}
    subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=True)
    return pl.read_parquet(out).select(OUTPUTS).to_numpy()


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Run ``mlflow models serve`` for the champion; yields its address."""
    (port,) = free_ports(1)
    model = f"models:/{settings.model_name}@{settings.model_alias}"
    command = ["serve", "-m", model, "--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with subprocess.Popen(
        [sys.executable, "-m", "mlflow", "models", *command],
        env={**os.environ, "PATH": path, "MLFLOW_TRACKING_URI": settings.mlflow_uri},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_until("mlflow models serve answers", lambda: _answers(f"http://127.0.0.1:{port}/ping", process))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "mlflow models serve has ended"
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
