"""Recorded boards written and read again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from zielzeit.boards.record import BoardRecord
from zielzeit.recordings.read import read_boards
from zielzeit.recordings.write import write_boards


@pytest.mark.parametrize("name", ["boards.jsonl", "new/boards.jsonl.zst"])
def test_boards_that_are_written_are_read_as_they_were(tmp_path: Path, name: str) -> None:
    boards = [
        BoardRecord(
            station="Köln Hbf",
            body='{"departures": ["ü"]}'.encode(),
            polled_at=datetime(2026, 3, 10, 12, minute, tzinfo=UTC),
            source="replay",
            url="",
        )
        for minute in range(3)
    ]
    assert list(write_boards(boards, tmp_path / name)) == boards
    read = list(read_boards([tmp_path / name]))
    assert [(b.station, b.body, b.polled_at) for b in read] == [(b.station, b.body, b.polled_at) for b in boards]
