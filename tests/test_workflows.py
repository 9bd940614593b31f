"""The workflow of models is one that GitHub takes, and its commands lead from history to a champion and back."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import pytest
import yaml

from tests.command_line import parse
from zielzeit.settings import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MODELS = ROOT / ".github" / "workflows" / "models.yml"


def _steps(job: str) -> dict[str, str]:
    """Name and script of the steps of a job of the models' workflow that run something."""
    found: dict[str, Any] = yaml.safe_load(MODELS.read_text())["jobs"][job]
    return {step["name"]: step["run"] for step in found["steps"] if "run" in step}


def _commands(script: str) -> list[list[str]]:
    """Arguments of each ``./zielzeit`` of a script."""
    lines = [shlex.split(line.partition("||")[0]) for line in script.splitlines()]
    return [line[1:] for line in lines if line[:1] == ["./zielzeit"]]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_github_takes_the_workflow(workflow: Path) -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("job", ["flow", "retrain"])
def test_the_command_line_takes_the_commands_of_the_workflow(job: str) -> None:
    commands = [arguments for script in _steps(job).values() for arguments in _commands(script)]
    assert commands
    for arguments in commands:
        if arguments[0] != "test":  # which passes all that it does not know to pytest
            parse([one.replace("$FLOW/stops.parquet", str(MODELS)) for one in arguments])


@pytest.mark.slow
@pytest.mark.timeout(1800)  # a dozen commands one after the other
def test_the_flow_leads_from_history_to_a_champion_and_back(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "OMP_WAIT_POLICY": "PASSIVE",
        "FLOW": str(tmp_path / "flow"),
        "ZIELZEIT_MODEL_NAME": "flow",
        "ZIELZEIT_LOCAL_DIR": str(tmp_path / "local"),
        "ZIELZEIT_MLFLOW_URI": (uri := f"sqlite:///{tmp_path}/registry.db"),
    }
    for name, script in _steps("flow").items():
        if name == "test":
            continue
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    client = mlflow.MlflowClient(uri, uri)
    aliases = {alias: str(version) for alias, version in client.get_registered_model("flow").aliases.items()}
    assert aliases == {"champion": "2", "challenger": "2", "previous": "1"}
    assert {"promotion", "promoted_by_hand", "rolled_back"} <= set(client.get_model_version("flow", "2").tags)
    assert (tmp_path / "flow" / "report.html").is_file()
