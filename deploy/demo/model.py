"""The demo's model: the champion of the registry, or a first one made now."""

from __future__ import annotations

import os
import subprocess
import sys

import requests

from zielzeit.progress import Step
from zielzeit.settings import ROOT, Settings

_TIMEOUT_SECONDS = 10.0
_TRAIN = (sys.executable, "-m", "cli.app", "train", "--quick", "--threads", "1")


def champion(settings: Settings) -> str | None:
    """Version that bears the alias, or None. Asked without MLflow's own client, which takes seconds to load."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy of the environment is not for the registry of this machine
            answer = session.get(
                f"{settings.mlflow_uri}/api/2.0/mlflow/registered-models/alias",
                params={"name": settings.model_name, "alias": settings.model_alias},
                timeout=_TIMEOUT_SECONDS,
            )
        return str(answer.json()["model_version"]["version"]) if answer.ok else None
    except requests.RequestException:
        return None


def train(settings: Settings, stations: int, seed: int, step: Step) -> bool:
    """Train on the days before today of the railway that will run; the step shows the lines of ``train --quick``.

    Returns whether it made a model. Without one the job predicts persistence.
    """
    environment = {**os.environ, **settings.as_environment()}
    with subprocess.Popen(
        (*_TRAIN, "--stations", str(stations), "--seed", str(seed)),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            for line in process.stdout or ():
                if text := line.strip():
                    step.say(text)
        except BaseException:
            process.terminate()
            raise
    return process.returncode == 0
