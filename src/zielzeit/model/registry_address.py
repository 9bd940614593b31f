"""Where models come from: plain values, so that no one who names a registry loads a model's libraries."""

from __future__ import annotations

from typing import Self

import msgspec

from zielzeit.settings import Settings


class Registry(msgspec.Struct, frozen=True):
    """Where the champion is, and where its copies are kept."""

    uri: str
    name: str
    alias: str
    folder: str
    refresh_seconds: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Where the job finds its model, and where it keeps copies."""
        return cls(
            uri=settings.mlflow_uri,
            name=settings.model_name,
            alias=settings.model_alias,
            folder=str(settings.local_dir / "models"),
            refresh_seconds=settings.model_refresh_seconds,
        )
