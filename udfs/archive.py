"""Kept boards into the stream, in the order of their time. What is kept where, ``zielzeit.lake.board_archive``
knows."""

from __future__ import annotations

import time
from collections.abc import Iterator

from pyflink.common import Row
from pyflink.datastream import FlatMapFunction

from zielzeit.lake.board_archive import Archive

_PAUSE_SECONDS = 0.1


class ReadArchive(FlatMapFunction):  # type: ignore[misc]  # PyFlink is untyped
    """Takes slots and emits their boards, each as ``Row`` of the fields of ``zielzeit.lake.board_archive.JobBoard``.

    All of a slot comes out between two checkpoints, so that after a restart nothing is read twice or left out. Slots
    after the last one are waited through: a source that ended would carry time to its end for all of the job.
    """

    def __init__(self, archive: Archive, slots: frozenset[int]) -> None:
        self._archive = archive
        self._slots = slots
        self._last = max(slots)

    def flat_map(self, value: int) -> Iterator[Row]:
        """A slot's boards."""
        if value in self._slots:
            for board in self._archive.read(value):
                yield Row(*board)
        elif value > self._last:
            time.sleep(_PAUSE_SECONDS)
