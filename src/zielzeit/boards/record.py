"""A board as it travels to the topic ``boards``: the body verbatim, its time, its headers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
import zstandard

from zielzeit.topics import BOARD_HEADERS

Source = Literal["poll", "replay"]

_LEVEL = 3


class BoardRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One snapshot of one station."""

    station: str
    """The record's key, as the operator wrote it: name, EVA number or DS100 code."""
    body: bytes
    """The response's body, byte for byte, not compressed."""
    polled_at: datetime
    """Event time, aware, UTC."""
    source: Source
    url: str
    """Where the board came from: the request's URL, or the recording's folder and file."""
    status: int = 200
    content_type: str = "application/json"


def pack(body: bytes) -> bytes:
    """The body as a zstd frame (80 KB of board become 9 KB); ``zielzeit.boards.parse.unpack`` takes it back."""
    packed: bytes = zstandard.ZstdCompressor(level=_LEVEL).compress(body)
    return packed


def headers(record: BoardRecord) -> list[tuple[str, bytes]]:
    """Headers of the record whose value is ``pack(record.body)``, in the order of ``zielzeit.topics.BOARD_HEADERS``."""
    values = (record.source, record.url, str(record.status), record.content_type, "zstd")
    return [(name, value.encode()) for name, value in zip(BOARD_HEADERS, values, strict=True)]
