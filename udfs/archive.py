"""Source function of archived boards in order of time; ``zielzeit.lake.board_archive`` reads them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from pyflink.common import Row
from pyflink.datastream import FlatMapFunction

from zielzeit.lake.board_archive import Archive

_PAUSE_SECONDS = 0.1


class ReadArchive(FlatMapFunction):  # type: ignore[misc]  # PyFlink is untyped
    """Takes numbers of slots and emits their boards, each as a ``Row`` of the fields of ``JobBoard``.

    A slot is emitted whole between two checkpoints, so that a restart neither repeats nor skips a board. Slots after
    the last one only take time: if the source ended, it would send the last watermark to the whole job.
    """

    def __init__(self, archive: Archive, slots: frozenset[int]) -> None:
        self._archive = archive
        self._slots = slots
        self._last = max(slots)

    def flat_map(self, value: int) -> Iterator[Row]:
        """Emit the boards of a slot."""
        if value in self._slots:
            for board in self._archive.read(value):
                yield Row(*board)
        elif value > self._last:
            time.sleep(_PAUSE_SECONDS)
