"""``mlflow run training``, as a person or a scheduler calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import mlflow
import pytest

from training import first_model
from training.history.moments import Moments
from zielzeit.settings import ROOT, load

pytestmark = pytest.mark.integration

LAST = date(2026, 3, 9)


def test_mlflow_run_registers_a_model_in_the_run_that_it_began(registry: str, tmp_path: Path) -> None:
    first_model.simulated_month(tmp_path, stations=6, seed=1, last=LAST, moments=Moments.of(load()))
    command = ["run", str(ROOT / "training"), "--env-manager", "local"]
    parameters = ["-P", f"examples={tmp_path / 'examples'}", "-P", f"until={LAST}"]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "MLFLOW_TRACKING_URI": registry,
        "ZIELZEIT_MODEL_NAME": "by-mlflow-run",
    }
    done = subprocess.run(
        [sys.executable, "-m", "mlflow", *command, *parameters],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    client = mlflow.MlflowClient(registry, registry)
    (version,) = client.search_model_versions("name='by-mlflow-run'")
    run = client.get_run(version.run_id)
    assert run.data.tags["mlflow.project.entryPoint"] == "main"
    assert run.data.params["trained_until"] == str(LAST)
    assert run.inputs.dataset_inputs
