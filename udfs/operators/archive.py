"""Kept boards into the stream, in the order of their time. What is kept where, ``lake.archive`` knows."""

from __future__ import annotations

from collections.abc import Iterator

from pyflink.common import Row
from pyflink.datastream import FlatMapFunction

from lake.archive import Archive


class ReadArchive(FlatMapFunction):
    """Takes slots and emits their boards, each as ``Row`` of the fields of ``lake.archive.Board``.

    All of a slot comes out between two checkpoints, so that after a restart nothing is read twice or left out.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def flat_map(self, value: int) -> Iterator[Row]:
        """A slot's boards."""
        for board in self._archive.read(value):
            yield Row(*board)
