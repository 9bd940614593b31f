"""The format of recorded boards as JSON lines: ``{"station": …, "polled_at": ISO 8601 with offset, "body": …}``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

FORM = '{"station": …, "polled_at": ISO 8601 with offset, "body": …}'


class BoardLine(msgspec.Struct, frozen=True):
    """A line: one board, its station and the time of the request."""

    station: Annotated[str, msgspec.Meta(min_length=1)]
    polled_at: Annotated[datetime, msgspec.Meta(tz=True)]
    body: msgspec.Raw
    """The board as an object, or as a string that holds its JSON text verbatim."""

    def text(self) -> bytes:
        """The board's JSON text. Raises msgspec.DecodeError or UnicodeError if the body is a broken string."""
        body = bytes(self.body)
        return _decode_string(body).encode() if body.startswith(b'"') else body


decode_line = msgspec.json.Decoder(BoardLine).decode
_decode_string = msgspec.json.Decoder(str).decode


def encode_line(station: str, polled_at: datetime, text: str) -> bytes:
    """The line of a board, its text as a string, with the line's end."""
    return msgspec.json.encode(BoardLine(station, polled_at, msgspec.Raw(msgspec.json.encode(text)))) + b"\n"
