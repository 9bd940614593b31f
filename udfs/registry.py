"""Where models come from: plain values, so that settings need not load a model's libraries."""

from __future__ import annotations

import msgspec


class Registry(msgspec.Struct, frozen=True):
    """Where the champion is, and where its copies are kept."""

    uri: str
    name: str
    alias: str
    folder: str
    refresh_seconds: float
