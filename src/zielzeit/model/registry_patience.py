"""How long MLflow's client waits for a registry.

Its own limits, 7 retries and 120 seconds, would hold up a job's start and every command for minutes where the registry
is dead. It reads them from the environment of the process that asks, on whichever cluster that is.
"""

from __future__ import annotations

import os


def limit(*, retries: int, seconds: int) -> None:
    """Set the number of retries and the seconds of a request, unless the environment says them already."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", str(retries))
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", str(seconds))
