"""The naive decision: the least that a board's rows can be told to mean. The floor that other figures stand on.

A train has left when its believed departure lies ``SETTLE`` minutes behind the board. No routes, no doubts of a board
or a station, no order, no lateness, no cancellation that is revoked, no change of clocks: for these the project's own
decision costs more.
"""

from __future__ import annotations

from typing import Final

import msgspec

from zielzeit.berlin_time import BERLIN, Milliseconds, datetime_of
from zielzeit.boards.parse import decompress
from zielzeit.events.topic_record import Record

SETTLE: Final = 8
_DAY: Final = 24 * 60


class _Row(msgspec.Struct, rename="camel", gc=False):
    train: str
    train_number: str
    scheduled_departure: str | None = None
    delay_departure: int | None = None


class _Board(msgspec.Struct, gc=False):
    departures: list[_Row]


_decode = msgspec.json.Decoder(_Board).decode
_encode = msgspec.json.Encoder().encode


class Naive:
    """The trains of a partition's stations that have left."""

    def __init__(self) -> None:
        self._left: set[tuple[bytes, str, str]] = set()

    def take(self, key: bytes, at: int, value: bytes) -> list[Record]:
        """Take the next board of a station; see ``bench.peers.task.Decisions``."""
        clock = datetime_of(Milliseconds(at)).astimezone(BERLIN)
        now, left, found = clock.hour * 60 + clock.minute, self._left, []
        for row in _decode(decompress(value)).departures:
            planned = row.scheduled_departure
            if planned is None or row.delay_departure is None:
                continue
            since = (now - int(planned[:2]) * 60 - int(planned[3:]) - row.delay_departure) % _DAY
            if SETTLE <= since < _DAY // 2:
                train = (key, row.train_number, planned)
                if train not in left:
                    left.add(train)
                    found.append(Record("departures", row.train_number, _encode(row), Milliseconds(at)))
        return found
