"""Write boards as JSON lines, as ``zielzeit.recordings.read`` reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import zstandard

from zielzeit.boards.record import BoardRecord
from zielzeit.recordings.json_lines import encode_line


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing bytes, compressed if its name ends in ``.zst``; create its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw:
        if path.suffix != ".zst":
            yield raw
            return
        with zstandard.ZstdCompressor(level=3).stream_writer(raw) as compressed:
            yield compressed


def write_boards(boards: Iterable[BoardRecord], out: Path) -> Iterator[BoardRecord]:
    """Write boards in the given order and yield each one after it was written."""
    with writing(out) as file:
        for board in boards:
            file.write(encode_line(board.station, board.polled_at, board.body.decode()))
            yield board
