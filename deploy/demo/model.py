"""The demo's model: the champion of the registry, or a first one made now."""

from __future__ import annotations

import requests

from zielzeit.errors import UserError
from zielzeit.progress import Progress
from zielzeit.settings import Settings

_TIMEOUT_SECONDS = 10.0


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


def train(settings: Settings, stations: int, seed: int, progress: Progress) -> str | None:
    """Train on the days before today of the railway that will run, and register the model as champion.

    Returns why no model was made, None where one was. Without one the job predicts persistence.
    """
    from training.first_model import train_first_model  # noqa: PLC0415 - MLflow and LightGBM take seconds to import

    try:
        train_first_model(settings, stations=stations, seed=seed, threads=1, progress=progress)
    except (UserError, OSError) as error:
        return str(error)
    return None
