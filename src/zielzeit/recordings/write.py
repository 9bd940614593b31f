"""Recorded boards as JSON lines, written as ``zielzeit.recordings.read`` reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
import zstandard

from zielzeit.boards.record import BoardRecord


class Line(msgspec.Struct, frozen=True):
    """One board: ``{"station": name, "polled_at": ISO time with offset, "body": the reply's text}``."""

    station: str
    polled_at: datetime
    body: str

    def encode(self) -> bytes:
        """The line with its end."""
        return msgspec.json.encode(self) + b"\n"


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file to write bytes to, through zstd when its name ends in ``.zst``; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw:
        if path.suffix != ".zst":
            yield raw
            return
        with zstandard.ZstdCompressor(level=3).stream_writer(raw) as compressed:
            yield compressed


def write_boards(boards: Iterable[BoardRecord], out: Path) -> Iterator[BoardRecord]:
    """Write boards in the order given and pass each one on when it is written."""
    with writing(out) as file:
        for board in boards:
            file.write(Line(board.station, board.polled_at, board.body.decode()).encode())
            yield board
