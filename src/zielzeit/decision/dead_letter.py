"""The dead letter of a board that could not be read or is not plausible, or of a row that could not be read."""

from __future__ import annotations

from typing import Final

from zielzeit import berlin_time
from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.decider import RejectedBoard
from zielzeit.decision.station import StationStep
from zielzeit.decision.station_store import ReceivedBoard
from zielzeit.events.structs import DeadLetter

_LATEST: Final = Milliseconds(253_370_764_800_000)
"""The begin of the year 9999, which every zone can still write."""
MAX_BODY: Final = 1024 * 1024
"""Bytes of a body that a dead letter carries; the rest is cut off."""


def dead_letter(rejected: RejectedBoard, step: StationStep, station: str, topic: str) -> DeadLetter:
    """Return the dead letter of a step's board, or of one row of it, which came from ``topic`` under ``station``.

    Its time is the board's, or the nearest one that Python can write and Kafka takes: a board of an impossible time (in
    microseconds, before 1970) is a reason for a dead letter, and must not prevent it.
    """
    board = step.board or ReceivedBoard(b"")
    body = rejected.row or board.value
    return DeadLetter(
        reason=rejected.reason,
        topic=topic,
        partition=board.partition,
        offset=board.offset,
        key=station,
        timestamp=berlin_time.datetime_of(min(max(step.at, Milliseconds(0)), _LATEST)),
        body=body[:MAX_BODY],
        truncated=len(body) > MAX_BODY,
    )
