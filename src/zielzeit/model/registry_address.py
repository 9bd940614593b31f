"""Address of the model registry: plain values, so that a job can be built without loading MLflow or LightGBM."""

from __future__ import annotations

import time
from typing import Self

import msgspec

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
