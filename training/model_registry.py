"""Models in MLflow: on the tracking server that the settings name, or in a SQLite store under ``.local``.

A run holds the model's folder (booster text files and ``model.json``) inside a pyfunc model whose code is logged as
source, so nothing is pickled. Aliases name versions: ``champion`` predicts, ``challenger`` was trained last,
``previous`` is the champion that ``promote --rollback`` returns to.
"""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature

import zielzeit
from training import examples
from zielzeit.errors import UserError
from zielzeit.features.definition import FEATURES
from zielzeit.model import registry_patience
from zielzeit.model.delay_model import FILE, OUTPUTS, LightGBMModel, ModelCard, load_model
from zielzeit.model.loading import load_served
from zielzeit.model.predict import ServedModel
from zielzeit.printable import told, without_login
from zielzeit.settings import Settings
from zielzeit.train_classes import CLASSES

log = logging.getLogger(__name__)

EXPERIMENT = "zielzeit"
CHALLENGER, PREVIOUS = "challenger", "previous"
_PROBE_SECONDS = 2.0
_REQUIREMENTS = ("lightgbm", "numpy", "numba", "msgspec", "holidays", "zstandard")
"""Distributions that a version's own environment needs beside mlflow: what the library imports to predict."""

_EXAMPLE = pd.DataFrame(np.zeros((1, len(FEATURES))), columns=list(FEATURES))
_ANSWER = pd.DataFrame(np.zeros((1, len(OUTPUTS))), columns=list(OUTPUTS))

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")


class RegisteredVersion(NamedTuple):
    """A version of the registered model."""

    uri: str
    """``models:/NAME/VERSION``."""
    version: str
    run_id: str


def connect(settings: Settings) -> str:
    """Set the store that MLflow uses and return its URI, without a login; inside `mlflow run` that run's store is used.

    Where no server answers at the default address, which nobody chose, it is a store of the commands' own. Raises
    UserError where none answers at another address, or one that does not answer MLflow's questions.
    """
    registry_patience.limit(retries=2, seconds=30)
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if os.environ.get("MLFLOW_RUN_ID"):
        mlflow.set_registry_uri(mlflow.get_tracking_uri())
        return without_login(mlflow.get_tracking_uri())
    uri = settings.mlflow_uri if _answers(settings.mlflow_uri) else _own_store(settings)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        if mlflow.get_experiment_by_name(EXPERIMENT) is None:
            place = None if uri.startswith("http") else (settings.local_dir / "mlflow-local" / "artifacts").as_uri()
            mlflow.create_experiment(EXPERIMENT, artifact_location=place)
        mlflow.set_experiment(EXPERIMENT)
    except MlflowException as error:
        raise UserError(
            f"the MLflow server at {without_login(uri)} cannot be used ({told(error)}): look after it, or name another "
            "one with --mlflow-uri"
        ) from None
    return without_login(uri)


def _answers(uri: str) -> bool:
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https"):
        return True
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=_PROBE_SECONDS):
            return True
    except OSError:
        return False


def _own_store(settings: Settings) -> str:
    named = without_login(settings.mlflow_uri)
    if settings.mlflow_uri != Settings.model_fields["mlflow_uri"].default:
        raise UserError(
            f"no MLflow server answers at {named}: start it, or name another one with --mlflow-uri; "
            "sqlite:///FILE is a store without a server"
        )
    folder = settings.local_dir / "mlflow-local"
    folder.mkdir(parents=True, exist_ok=True)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    log.warning("no MLflow server answers at %s: the models are in %s, which no job asks", named, uri)
    return uri


def address() -> str:
    """Return the URI of the registry that is used, without a login."""
    return without_login(mlflow.get_registry_uri())


def register(
    settings: Settings, folder: Path, card: ModelCard, data: Path, *, parameters: Mapping[str, Any], alias: str
) -> RegisteredVersion:
    """Log a trained model in a run of its own, register it as a new version and give that version an alias."""
    with mlflow.start_run() as run:
        mlflow.log_params({"trained_from": card.trained_from, "trained_until": card.trained_until, **parameters})
        mlflow.set_tag("code_version", card.code_version)
        mlflow.log_metric("examples", card.examples)
        for source, known in (("archive", card.archive_names), ("boards", card.board_names)):
            mlflow.log_metrics({f"{source}_{one.space}_known": one.share for one in known})
        _log_data(data, card)
        logged = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(Path(__file__).with_name("pyfunc.py")),
            artifacts={"model": str(folder)},
            code_paths=[str(Path(zielzeit.__file__).parent)],
            signature=infer_signature(_EXAMPLE, _ANSWER),
            input_example=_EXAMPLE,
            pip_requirements=_pinned(),
            registered_model_name=settings.model_name,
        )
    client = mlflow.MlflowClient()
    version = str(logged.registered_model_version)
    client.set_registered_model_alias(settings.model_name, alias, version)
    return RegisteredVersion(f"models:/{settings.model_name}/{version}", version, run.info.run_id)


def _log_data(data: Path, card: ModelCard) -> None:
    days = [day for day in examples.days(data) if str(day) <= card.trained_until]
    digest, files = examples.fingerprint(data, days)
    mlflow.log_dict({"folder": str(data), "files": files, "sha256": digest}, "data.json")
    sample = examples.read(data, days[-1], days[-1]).head(20).to_pandas()
    warnings.filterwarnings("ignore", message="The specified dataset source can be interpreted")
    source = mlflow.data.from_pandas(  # type: ignore[attr-defined]  # mlflow makes these functions when it is imported
        sample, source=str(data), name="examples", digest=digest[:16]
    )
    mlflow.log_input(source, context="training", tags={"from": card.trained_from, "until": card.trained_until})


def _pinned() -> list[str]:
    return [f"{name}=={installed_version(name)}" for name in _REQUIREMENTS]


def newest(settings: Settings) -> str:
    """URI of the version registered last. Raises UserError where there is none."""
    versions = mlflow.MlflowClient().search_model_versions(f"name='{settings.model_name}'")
    if not versions:
        raise UserError(
            f"no model {settings.model_name} in {address()}: train one with `zielzeit train`, "
            "or name a folder or URI with --model"
        )
    return f"models:/{settings.model_name}/{max(int(version.version) for version in versions)}"


def fetch(uri: str) -> tuple[LightGBMModel, Path]:
    """Load the model in a folder or at ``models:/…`` or ``runs:/…``; returns it and the folder with its files.

    Raises UserError where there is none.
    """
    folder = _files(uri)
    try:
        return load_model(folder), folder
    except ValueError as error:
        raise UserError(str(error)) from None


def fetch_served(uri: str) -> ServedModel:
    """Load the model as the job does, with the network's state. Its predictions name the registered version and run; of
    a model that is not a version of the registry, the URI or folder.

    Raises UserError where there is none, or where the job would refuse it.
    """
    folder = _files(uri)
    name, version, run_id = identity(uri)
    try:
        return load_served(folder, name, version, run_id)
    except ValueError as error:
        raise UserError(str(error)) from None


def _files(uri: str) -> Path:
    """The folder with the files of a model, downloaded where it is not a folder already."""
    folder = Path(uri)
    if not folder.is_dir():
        try:
            folder = Path(mlflow.artifacts.download_artifacts(uri))
        except (MlflowException, OSError) as error:
            raise UserError(f"no model at {uri}: {told(error)}") from None
    found = next(iter(sorted(folder.rglob(FILE))), None)
    if found is None:
        raise UserError(f"{uri} holds no {FILE}: it is not a model of Zielzeit")
    return found.parent


def identity(uri: str) -> tuple[str, str, str]:
    """Return name, version and run of the model at a URI, as far as it has them."""
    scheme, _, rest = uri.partition(":/")
    if Path(uri).is_dir() or scheme not in ("models", "runs"):
        return uri, "", ""
    if scheme == "runs":
        return uri, "", rest.partition("/")[0]
    client = mlflow.MlflowClient()
    name, _, version = rest.partition("/")
    name, _, alias = name.partition("@")
    if alias:
        found = client.get_model_version_by_alias(name, alias)
    elif version.isdecimal():
        found = client.get_model_version(name, version)
    else:
        return uri, "", ""
    return str(found.name), str(found.version), str(found.run_id or "")


def attach(uri: str, file: Path) -> None:
    """Log a file to the run of a registered version. Does nothing for a model from a folder, which has no run."""
    if not uri.startswith("models:/"):
        return
    name, _, version = uri.removeprefix("models:/").partition("/")
    if version.isdecimal():
        client = mlflow.MlflowClient()
        client.log_artifact(client.get_model_version(name, version).run_id, str(file))


def log_early(uri: str, record: dict[str, Any]) -> None:
    """Log how good early and decided predictions were to the run of a registered version: a file, and metrics by class.

    Does nothing for a model from a folder, which has no run.
    """
    _, _, run_id = identity(uri)
    if not run_id:
        return
    client = mlflow.MlflowClient()
    client.log_dict(run_id, record, "early-predictions.json")
    for name, pair in record.items():
        if name not in CLASSES:
            continue
        for kind, quality in pair.items():
            for figure in ("skill", "bias", "coverage", "before_arrival"):
                if quality is not None and quality[figure] is not None:
                    client.log_metric(run_id, f"{kind}_{figure}_{name}", quality[figure])
