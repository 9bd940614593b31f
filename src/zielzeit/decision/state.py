"""What a station knows of its trains: the state that the decision folds over. Nothing here decides.

Instants are milliseconds since 1970 UTC, as Kafka's record timestamps; delays are minutes.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final

import msgspec

from zielzeit.berlin_time import MINUTE
from zielzeit.boards import parse as boards

EARLY_DEPARTURE: Final = 5 * MINUTE
EARLY_ARRIVAL: Final = 15 * MINUTE
"""A row that goes more than this before its time was withdrawn: nobody is that early."""
MEMORY: Final = 18 * 60 * MINUTE
"""How long a decided train is remembered after its rows are gone, so that one that comes back is not decided twice."""
_SWEEP_EVERY: Final = 60 * MINUTE


class Entry(msgspec.Struct, array_like=True, gc=False):
    """What a station knows of one train: its last report, and what was decided of it."""

    row: boards.Row
    planned_wall: int
    """Minutes on Berlin's clocks: half of the identity. See ``clock.wall_minutes``."""
    planned: int
    """Planned departure, or planned arrival where the run ends here."""
    delay: int
    ends: bool
    """Whether the run ends here: by the timetable, or because all that lies ahead is cancelled."""
    last_seen: int
    since: int
    """``polled_at`` of the first board with the present delay and cancellation."""
    first_missing: int = 0
    """``polled_at`` of the first board without the train since it was last seen; 0 while it is on the boards."""
    sure: bool = True
    """False for a train that an earlier board should have shown and did not, or whose route does not lead here, until
    a second board shows it."""
    kind: str = ""
    """Empty while open."""
    decided_delay: int = 0
    decided_cancelled: bool = False
    revision: int = 0
    """How many decisions and corrections have been made of it."""

    @property
    def believed(self) -> int:
        """When the board believes the train leaves (or arrives, where it ends here)."""
        return self.planned + self.delay * MINUTE

    @property
    def earliest(self) -> int:
        """The earliest the train can be gone: a late one may catch up, but none is much before its time."""
        margin = EARLY_ARRIVAL if self.ends else EARLY_DEPARTURE
        return self.planned + min(self.delay, 0) * MINUTE - margin

    @property
    def cancelled(self) -> bool:
        """Whether its last report says that it does not run here."""
        return bool(self.row.is_cancelled)


class Station(msgspec.Struct, array_like=True):
    """State of one station. ``frontier`` is how far time has been folded: a board from before it is late."""

    frontier: int = 0
    last_board: int = 0
    """``polled_at`` of the last board that was believed."""
    swept_at: int = 0
    entries: dict[str, Entry] = {}
    named: bool = False
    """Whether routes here name the station as its key does: then a route that does not is odd."""
    doubted: list[str] = []
    """Trains to come on the last board, if it disagreed with the one before: a second one that agrees is believed."""
    due: int = 0
    """The earliest instant at which something falls due if no board comes; 0 where nothing will."""


Memory = MutableMapping[str, bytes]
"""Remembered trains by identity: a dict offline, a Flink map state in the job."""


class _Remembered(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is kept of a decided train whose rows are gone."""

    kind: str
    delay: int
    cancelled: bool
    revision: int
    forget_at: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Remembered).decode


def remember(station: Station, memory: Memory, key: str) -> None:
    """Let a decided train go, all but what was decided of it."""
    entry = station.entries.pop(key)
    memory[key] = _encode(
        _Remembered(entry.kind, entry.decided_delay, entry.decided_cancelled, entry.revision, entry.believed + MEMORY)
    )


def recall(entry: Entry, remembered: bytes | None, now: int) -> None:
    """Give a train that is back what was decided of it before."""
    if remembered is None:
        return
    known = _decode(remembered)
    if known.forget_at >= now:  # and not only until the next sweep: decisions must not depend on when that was
        entry.kind, entry.revision = known.kind, known.revision
        entry.decided_delay, entry.decided_cancelled = known.delay, known.cancelled


def sweep(station: Station, memory: Memory) -> None:
    """Forget, once an hour, the trains that cannot come back any more."""
    now = station.frontier
    if now < station.swept_at + _SWEEP_EVERY:
        return
    station.swept_at = now
    for key in [key for key, value in memory.items() if _decode(value).forget_at < now]:
        del memory[key]
