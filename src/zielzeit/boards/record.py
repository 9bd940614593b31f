"""The board record: one snapshot of a station on its way from a poller or a recording to the topic and the lake.

``BoardRecord`` and ``StoredBoard`` are the only definition of its fields. The record's key, value, timestamp and
headers on the topic ``boards``, the columns of the lake's table ``boards`` and the columns that the job reads follow
from them.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
import zstandard

Source = Literal["poll", "replay"]
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), lt=2**63)]
"""A number of 64 bits where it is stored; plain ``int`` fields are stored with 32."""

_COMPRESSION_LEVEL = 3


class BoardRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One snapshot of one station."""

    station: str
    """Station of the board: its key (``zielzeit.stations.board_key``), the name on boards where the register knows it;
    from other producers any name, EVA number or DS100 code."""
    polled_at: datetime
    """Time when the content was made, UTC; the record's event time."""
    body: bytes
    """Response body, verbatim; on the topic and in the lake a zstd frame or plain."""
    source: Source
    """``poll`` or ``replay``."""
    url: str
    """URL of the request, or folder and file of the recording."""
    status: int = 200
    """HTTP status."""
    content_type: str = "application/json"
    """Content type that the server named."""


class StoredBoard(BoardRecord, frozen=True, kw_only=True):
    """A board in the lake: its record and the record's place in the topic."""

    kafka_partition: int | None = None
    """Partition of the topic that the board was read from; None if it never was in a topic."""
    kafka_offset: Int64 | None = None
    """Offset in that partition. The two together identify the board."""


KEY: Final = "station"
VALUE: Final = "body"
TIMESTAMP: Final = "polled_at"
HEADERS: Final = {
    field: field.replace("_", "-") for field in BoardRecord.__struct_fields__ if field not in (KEY, VALUE, TIMESTAMP)
}
"""Field → name of the header that carries it on the topic, as UTF-8 text."""
CONTENT_ENCODING: Final = "content-encoding"
"""Last header: how the value is compressed."""


class _Zstd(threading.local):
    """A compressor per thread: to make one takes a third of the time that a board takes."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL)


_zstd = _Zstd()


def compress(body: bytes) -> bytes:
    """The body as a zstd frame (80 KB of board become 9 KB); ``zielzeit.boards.parse.decompress`` takes it back."""
    frame: bytes = _zstd.compressor.compress(body)
    return frame


def headers(record: BoardRecord) -> list[tuple[str, bytes]]:
    """Headers of the Kafka record whose value is ``compress(record.body)``."""
    named = [(header, str(getattr(record, field)).encode()) for field, header in HEADERS.items()]
    return [*named, (CONTENT_ENCODING, b"zstd")]
