"""Boards under the keys of their stations, whatever a producer or an older version wrote as the records' key."""

from __future__ import annotations

from typing import Any

from pyflink.common import Row
from pyflink.datastream import MapFunction, RuntimeContext

from zielzeit.lake.board_archive import JobBoard
from zielzeit.stations.board_key import board_keys
from zielzeit.stations.table import register


class KeyByStation(MapFunction):  # type: ignore[misc]  # PyFlink is untyped
    """Takes boards as ``JobBoard`` and emits ``Row(key of the station, (body, partition, offset))``.

    Parameters: ``stations`` is the user's file of stations (``Settings.stations``), or empty.
    """

    def __init__(self, stations: str) -> None:
        self._stations = stations

    def open(self, runtime_context: RuntimeContext) -> None:
        """Load the station register."""
        self._key = board_keys(register(self._stations))

    def map(self, value: Any) -> Row:
        """A board; a record of the topic may lack its key or its value."""
        board = JobBoard(*value)
        return Row(self._key(board.station or ""), Row(board.body or b"", board.kafka_partition, board.kafka_offset))
