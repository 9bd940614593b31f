"""Address of the model registry: plain values, so that a job can be built without loading MLflow or LightGBM."""

from __future__ import annotations

import re
import time
from typing import Self
from urllib.parse import urlsplit

import msgspec

from zielzeit.printable import printable
from zielzeit.settings import Settings


class Registry(msgspec.Struct, frozen=True):
    """Where the champion is registered, and where its copies are kept."""

    uri: str
    name: str
    alias: str
    folder: str
    refresh_seconds: float
    submitted_at: float
    """When the job's graph was laid out, Unix seconds: a copy noted later is what the registry told this job."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The registry that the settings name."""
        return cls(
            uri=settings.mlflow_uri,
            name=settings.model_name,
            alias=settings.model_alias,
            folder=str(settings.local_dir / "models"),
            refresh_seconds=settings.model_refresh_seconds,
            submitted_at=time.time(),
        )


def without_login(uri: str) -> str:
    """Return a registry's URI without user and password, which belong neither into logs nor on the disk."""
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if parts.netloc else uri


def told(error: Exception) -> str:
    """Return what an error says, as one line and without the users and passwords of addresses in it."""
    return printable(re.sub(r"://[^/@\s]*@", "://", str(error)))
