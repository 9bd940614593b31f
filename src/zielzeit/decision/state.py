"""The state of one station: what the decision knows of its trains. Nothing here decides.

The order of the fields is the format in which the job stores them.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final

import msgspec

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds, WallMinutes
from zielzeit.boards import parse as boards

EARLY_DEPARTURE: Final = 5 * MINUTE
EARLY_ARRIVAL: Final = 15 * MINUTE
"""Milliseconds before its time. A row that vanishes earlier than this was withdrawn: no train is that early."""
EARLIEST: Final = 60
"""Minutes before its planned time at which a row can say that a train leaves or arrives. Of a night train 41 were seen;
a delay of -200 is an artefact of the feed."""
MEMORY: Final = 18 * 60 * MINUTE
"""Milliseconds after its believed departure for which a decided train is remembered, not to be decided twice."""
_SHOWN_UNTIL: Final = (berlin_time.DAY - berlin_time.LOOK_AHEAD + 60) * MINUTE
"""Milliseconds after its planned departure at which no board shows a train any more: its time of day then means the
next day. The hour is the one that spring leaves out."""
_SWEEP_EVERY: Final = 60 * MINUTE

NEVER: Final = Milliseconds(0)
"""Stands for an instant that does not exist: no board, no deadline."""


class Entry(msgspec.Struct, array_like=True, gc=False):
    """One train at the station: its last report, and what was decided. Delays are minutes."""

    row: boards.Row
    planned_wall: WallMinutes
    """Planned time of the row, half of its identity."""
    planned: Milliseconds
    """Planned departure, or planned arrival where the run ends here."""
    delay: int
    ends: bool
    """True if the run ends here: by the timetable, or because every later stop is cancelled."""
    last_seen: Milliseconds
    """``polled_at`` of the last board with the train."""
    since: Milliseconds
    """``polled_at`` of the first board with the present delay and cancellation."""
    first_missing: Milliseconds = NEVER
    """``polled_at`` of the first board without the train since it was last seen; 0 while it is on the boards."""
    confirmed: bool = True
    """False until a second board shows the train, if an earlier board should have shown it and did not, or if its route
    does not lead here."""
    kind: str = ""
    """Kind of the decision; empty while the train is open."""
    decided_delay: int = 0
    decided_cancelled: bool = False
    revision: int = 0
    """Number of decisions and corrections so far."""
    call: int = 0
    """Which of the run's calls at this station the row is, from 0."""
    wing: str = ""
    """Of several parts under one number, which one; empty for the first: ``zielzeit.decision.wings``."""
    outdated_at: Milliseconds = NEVER
    """``polled_at`` of the last board that had lost the train's real-time data, so that an earlier one's are kept."""
    did_not_leave: bool = False
    """True if the train is missing from a board that would still show it if it had left."""
    uncertain: bool = False
    """True if the row may stand for trains of different times, in the hour that autumn repeats."""

    @property
    def believed(self) -> Milliseconds:
        """When the board believes that the train leaves (or arrives, where it ends here)."""
        return Milliseconds(self.planned + self.delay * MINUTE)

    @property
    def earliest(self) -> Milliseconds:
        """The earliest instant at which the train can be gone: a late train may catch up, none is much too early."""
        margin = EARLY_ARRIVAL if self.ends else EARLY_DEPARTURE
        early = self.delay if -EARLIEST <= self.delay < 0 else 0
        return Milliseconds(self.planned + early * MINUTE - margin)

    @property
    def expected(self) -> Milliseconds:
        """When the train is expected to be gone: ``believed``, unless that is too early to be true."""
        if self.delay >= -EARLIEST:
            return Milliseconds(self.planned + self.delay * MINUTE)
        return self.earliest

    @property
    def cut_short(self) -> bool:
        """True if the run ends here before its time. Its row stands until the departure that it does not have."""
        return self.ends and self.row.scheduled_departure is not None

    @property
    def cancelled(self) -> bool:
        """True if the last report says that the train does not run here."""
        return bool(self.row.is_cancelled)


class Unreadable(msgspec.Struct, array_like=True):
    """A train, or what is known of one, whose row cannot be read."""

    since: Milliseconds
    """``polled_at`` of the first board with the row, of those that followed one another."""
    last_seen: Milliseconds
    """``polled_at`` of the last board with the row."""
    count: int
    """Number of such rows on that board."""
    reasons: list[str] = []
    """Why it could not be read: those that were reported."""


class StationState(msgspec.Struct, array_like=True):
    """State of one station, and how far time has passed there."""

    frontier: Milliseconds = NEVER
    """Instant up to which everything is decided: a board from before it is late."""
    last_board: Milliseconds = NEVER
    """``polled_at`` of the last plausible board."""
    swept_at: Milliseconds = NEVER
    """When the memory was last swept."""
    entries: dict[str, Entry] = {}
    """Trains by identity: those on the boards, and those whose absence is not decided yet."""
    named: bool = False
    """True if routes here name the station as its key does: then a route without that name is suspicious."""
    rejected: list[str] = []
    """Trains to come on the last board, if that was implausible: a second board that agrees with it is accepted."""
    due: Milliseconds = NEVER
    """The earliest deadline that is reached if no board comes; 0 if there is none."""
    learnt: list[str] = []
    """Names that the station may have by the routes of its boards, if none shows its key."""
    lost: list[str] = []
    """Trains whose real-time data a failed feed has taken from the boards, until it is back."""
    unreadable: dict[str, Unreadable] = {}
    """Unreadable rows by what is known of their trains: reported once, not on every board."""
    wings: dict[str, dict[str, str]] = {}
    """Identity of a train with several parts → destination → which part it is."""
    looks_back: bool = False
    """True if boards here kept trains that had left, and none since has lost one."""
    body: int = 0
    """Checksum of the last board's body."""
    body_since: Milliseconds = NEVER
    """``polled_at`` of the first board with that body."""
    doubted: bool = False
    """True if that body is taken for an old one, until it changes."""
    drops_departed: bool = False
    """True if boards here have dropped trains when their time came, and none since showed one that had left."""
    earlier_bodies: list[tuple[int, Milliseconds]] = []
    """Checksums of the last other bodies, each with the ``polled_at`` of its first board, the newest first."""


Memory = MutableMapping[str, bytes]
"""Remembered trains by identity: a dict in memory, a Flink map state in the job."""


class _Remembered(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is kept of a decided train whose rows are gone."""

    kind: str
    delay: int
    cancelled: bool
    revision: int
    forget_at: Milliseconds


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Remembered).decode


def remember(station: StationState, memory: Memory, key: str) -> None:
    """Move a decided train from the entries to the memory."""
    entry = station.entries.pop(key)
    forget_at = Milliseconds(max(max(entry.planned, entry.believed) + MEMORY, entry.planned + _SHOWN_UNTIL))
    memory[key] = _encode(
        _Remembered(entry.kind, entry.decided_delay, entry.decided_cancelled, entry.revision, forget_at)
    )


def recall(entry: Entry, remembered: bytes | None, now: Milliseconds) -> None:
    """Restore in a new entry what was decided of the train before."""
    if remembered is None:
        return
    known = _decode(remembered)
    if known.forget_at >= now:  # not "until the next sweep": decisions must not depend on when that is
        entry.kind, entry.revision = known.kind, known.revision
        entry.decided_delay, entry.decided_cancelled = known.delay, known.cancelled


def sweep(station: StationState, memory: Memory) -> None:
    """Forget, once an hour, the trains that cannot come back any more."""
    now = station.frontier
    if now < station.swept_at + _SWEEP_EVERY:
        return
    station.swept_at = now
    for key in [key for key, value in memory.items() if _decode(value).forget_at < now]:
        del memory[key]
    for key in [key for key in station.wings if _parted_long_ago(key, now)]:
        del station.wings[key]
    for train in [train for train, row in station.unreadable.items() if row.last_seen + MEMORY < now]:
        del station.unreadable[train]


def _parted_long_ago(key: str, now: Milliseconds) -> bool:
    wall = WallMinutes(int(key.rpartition("@")[2]))
    return berlin_time.minute_begin(berlin_time.wall_to_utc(wall)) + 2 * _SHOWN_UNTIL < now
