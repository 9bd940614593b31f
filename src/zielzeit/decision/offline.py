"""The decision over recorded boards, without Flink: the same rules, the boards already in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import reduce
from itertools import groupby
from typing import Protocol

from zielzeit import berlin_time
from zielzeit.decision.decider import Decider, Outcome, first_of_equals
from zielzeit.decision.rules import Station


class RecordedBoard(Protocol):
    """What is needed of a recorded board: ``zielzeit.boards.record.BoardRecord`` is one."""

    @property
    def station(self) -> str:
        """Station as in the topic's key."""

    @property
    def body(self) -> bytes:
        """Body, packed or not."""

    @property
    def polled_at(self) -> datetime:
        """Event time, aware."""


def decide(boards: Iterable[RecordedBoard], decider: Decider) -> Iterator[tuple[str, int, Outcome]]:
    """(station, milliseconds, outcome) of boards sorted by time and station.

    At the end of the recording nothing late can come any more, so time passes up to the last board; trains that are
    on the boards then stay open.
    """
    states: dict[str, tuple[Station, dict[str, bytes]]] = {}
    at = 0
    for (at, name), same in groupby(boards, key=_time_and_station):
        station, memory = states.setdefault(name, (Station(), {}))
        body = reduce(first_of_equals, (board.body for board in same))
        for outcome in decider.take(name, station, memory, body, at):
            yield name, at, outcome
    for name, (station, memory) in sorted(states.items()):
        for outcome in decider.pass_time(name, station, memory, at):
            yield name, at, outcome


def _time_and_station(board: RecordedBoard) -> tuple[int, str]:
    return berlin_time.milliseconds(board.polled_at), board.station
