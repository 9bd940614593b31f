"""The local tracking server and model registry: SQLite, artifacts served from a folder."""

from __future__ import annotations

import sys

from deploy.local.addresses import mlflow_address
from deploy.local.folders import Folders
from zielzeit.settings import Settings

ENVIRONMENT = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
}


def command(settings: Settings) -> list[str]:
    """Command that starts the server in the foreground."""
    folder, address = Folders.of(settings).mlflow, mlflow_address(settings)
    hosts = ",".join(f"{host}:{address.port}" for host in ("127.0.0.1", "localhost"))
    return [
        *(sys.executable, "-m", "mlflow", "server"),
        *("--host", address.host, "--port", str(address.port), "--workers", "1", "--allowed-hosts", hosts),
        *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
        *("--artifacts-destination", (folder / "artifacts").as_uri()),
    ]


def prepare(settings: Settings) -> None:
    """Create the folder."""
    (Folders.of(settings).mlflow / "artifacts").mkdir(parents=True, exist_ok=True)
