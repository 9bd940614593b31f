"""The decision: from the boards of one station to what became of each train. A pure fold, no Flink.

``fold`` takes a station's boards in the order of ``polled_at``; ``advance`` lets time pass without a board. Both change
the station's state and return decisions. Whoever calls them brings the boards into order, so that the set of decisions
depends on the set of boards alone.

The rules (DESIGN.md section 4), all times event time:

* settled: the row's believed departure (planned + delay) lies ``settle`` behind a board that shows the same value as
  an earlier one. That is the rule for boards polled with ``past=1``, which keep rows for an hour.
* silence: the train was not on the boards for ``gap`` and at least one newer board lacks it. That is the rule for
  default boards, which drop a row the minute the train is believed gone.
* undecided: no newer board came within ``max_silence``: an outage is no departure.

A departure that is decided stays decided; what boards say of it later becomes ``corrected`` or ``late``. Only a train
that was not seen to leave (cancelled, withdrawn, undecided) may be decided after all, as the next
revision of the same id.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Final, NamedTuple

import msgspec

from udfs import board as boards
from udfs import clock

MINUTE: Final = 60_000
"""Milliseconds. Instants in this module are milliseconds since 1970 UTC, as Kafka's record timestamps."""

EARLY_DEPARTURE: Final = 5 * MINUTE
EARLY_ARRIVAL: Final = 15 * MINUTE
"""A row that goes more than this before its time was withdrawn: nobody is that early."""
CONFIRMED_AFTER: Final = MINUTE
"""How long a value must stand before it settles or corrects: a glitch of one board must do neither."""
MEMORY: Final = 18 * 60 * MINUTE
"""How long a decided train is remembered after its rows are gone, so that one that comes back is not decided twice."""
_SWEEP_EVERY: Final = 60 * MINUTE
_PAST_REACH: Final = 65 * MINUTE
"""How far back boards polled with ``past=1`` reach: an hour, and the age of a cached reply."""
_DOUBT_FROM: Final = 3
"""This many trains that change at once in a way that trains do not mean a fault of the feed."""


GONE: Final = ("departed", "terminated")
"""Kinds that say the train was here and is no more; the others are opened again if it comes back."""


class Rules(msgspec.Struct, frozen=True):
    """How long to wait, in minutes of event time."""

    gap: int = 7
    """Silence that makes a departure."""
    settle: int = 8
    """How far a believed departure must lie behind a board that still shows the row."""
    max_silence: int = 60
    """Longest time between two boards across which silence is believed."""


class Entry(msgspec.Struct, array_like=True, gc=False):
    """What a station knows of one train: its last report, and what was decided of it."""

    row: boards.Row
    planned_wall: int
    """Minutes on Berlin's clocks: half of the identity. See ``clock.wall_minutes``."""
    planned: int
    """Planned departure (or arrival, where the run ends here) in milliseconds."""
    delay: int
    last_seen: int
    since: int
    """``polled_at`` of the first board with the present delay and cancellation."""
    first_missing: int = 0
    """``polled_at`` of the first board without the train since it was last seen; 0 while it is on the boards."""
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
        margin = EARLY_ARRIVAL if self.row.scheduled_departure is None else EARLY_DEPARTURE
        return self.planned + min(self.delay, 0) * MINUTE - margin


class Remembered(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is kept of a decided train whose rows are gone."""

    kind: str
    delay: int
    cancelled: bool
    revision: int
    forget_at: int


class Station(msgspec.Struct, array_like=True):
    """State of one station. ``frontier`` is how far time has been folded: a board from before it is late."""

    frontier: int = 0
    last_board: int = 0
    swept_at: int = 0
    entries: dict[str, Entry] = {}


class Verdict(msgspec.Struct, frozen=True):
    """What became of an entry; ``udfs.verdicts`` makes the event of it.

    ``planned`` is the first sight of a train, the rest are the kinds of ``events.Kind``.
    """

    kind: str
    key: str
    entry: Entry
    at: int
    """Milliseconds of folded time."""
    rule: str | None = None


class Folded(NamedTuple):
    """What a board led to."""

    verdicts: list[Verdict]
    doubt: str | None = None
    """Why the board was not believed and counts as none, or None."""


Memory = MutableMapping[str, bytes]
"""Remembered trains by identity: a dict offline, a Flink map state in the job."""

_encode_remembered = msgspec.msgpack.Encoder().encode
_decode_remembered = msgspec.msgpack.Decoder(Remembered).decode
_snapshot = msgspec.structs.replace


def fold(station: Station, memory: Memory, board: boards.Board, polled_at: int, rules: Rules) -> Folded:
    """Take one board in order of time; ``polled_at`` (milliseconds) must lie after ``station.frontier``."""
    verdicts = advance(station, memory, polled_at - 1, rules)
    station.frontier = polled_at
    reports = _reports(station, board, polled_at)
    doubt = _doubt(station, reports, polled_at, rules)
    if doubt:
        return Folded(verdicts, doubt)
    station.last_board = polled_at
    for key, report in reports.items():
        entry = station.entries.get(key)
        if entry is None:
            entry = station.entries[key] = report
            verdicts.extend(_first_sight(key, entry, memory))
        else:
            _update(entry, report)
        if entry.kind:
            verdicts.extend(_after_decision(key, entry, polled_at))
        if not entry.kind and _is_settled(entry, polled_at, rules):
            verdicts.append(_decide(key, entry, _kind(entry), polled_at, "settled"))
    if not board.faults:  # a row that could not be read may be any train
        verdicts.extend(_note_missing(station, memory, polled_at))
    verdicts.extend(advance(station, memory, polled_at, rules))
    return Folded(verdicts)


def advance(station: Station, memory: Memory, to: int, rules: Rules) -> list[Verdict]:
    """Let time pass up to ``to`` (milliseconds) without a board: silence and outages fall due."""
    verdicts = []
    due = [item for item in _deadlines(station, rules) if item[0] <= to]
    for deadline, key in sorted(due):
        entry = station.entries[key]
        verdicts.append(_decide(key, entry, _silent_kind(entry, rules), deadline, "silence"))
        _remember(station, memory, key)
    station.frontier = max(station.frontier, to)
    if station.frontier >= station.swept_at + _SWEEP_EVERY:
        station.swept_at = station.frontier
        _sweep(memory, station.frontier)
    return verdicts


def late(station: Station, memory: Memory, board: boards.Board, polled_at: int) -> list[Verdict]:
    """What a board from before the frontier says of trains that are already decided. Changes nothing."""
    verdicts = []
    for key, entry in _reports(station, board, polled_at).items():
        known = station.entries.get(key)
        if known is None:
            _recall(entry, memory.get(key), polled_at)
        else:
            entry.kind, entry.revision = known.kind, known.revision
        if entry.kind:
            verdicts.append(Verdict("late", key, entry, station.frontier))
    return verdicts


def next_deadline(station: Station, rules: Rules) -> int | None:
    """The earliest instant (milliseconds) at which something falls due if no board comes, None if nothing will."""
    return min((deadline for deadline, _ in _deadlines(station, rules)), default=None)


def _reports(station: Station, board: boards.Board, polled_at: int) -> dict[str, Entry]:
    """The board's rows by identity: category, number and planned wall time at this station.

    The wall time and not the instant, because it stays the same while a repeated hour is still being told apart. Of
    two rows that claim one identity, the one that runs counts.
    """
    times = clock.BoardClock(polled_at // MINUTE)
    reports: dict[str, Entry] = {}
    for row in board.rows:
        departure = row.scheduled_departure
        if departure is None:
            wall, delay = times.wall(row.scheduled_arrival or ""), row.delay_arrival or 0
        else:
            wall, delay = times.wall(departure), row.delay_departure or 0
        key = f"{row.train.partition(' ')[0]} {row.train_number}@{wall}"
        if row.is_cancelled and key in reports:
            continue
        reports[key] = Entry(row, wall, times.instant(wall) * MINUTE, delay, polled_at, polled_at)
    if times.has_repeated_hour:
        _tell_passes_apart(station, list(reports.values()), polled_at)
    return reports


def _tell_passes_apart(station: Station, reports: list[Entry], polled_at: int) -> None:
    """In the night of the autumn change, find the rows of the second pass of the hour that exists twice.

    ``HH:MM`` alone cannot tell, but rows stand in the order of their believed departures: from the first one that seems
    to lie before its predecessor, or before what this station's boards reach back to, it is the second pass.
    """
    keeps_past = any(entry.kind for entry in station.entries.values())  # decided rows that are still on the boards
    latest = polled_at - (_PAST_REACH if keeps_past else CONFIRMED_AFTER)
    for entry in reports:
        if clock.is_repeated(entry.planned_wall):
            if entry.believed < latest:
                entry.planned = clock.wall_to_instant(entry.planned_wall, 1) * MINUTE
            latest = max(latest, entry.believed)


def _doubt(station: Station, reports: dict[str, Entry], polled_at: int, rules: Rules) -> str | None:
    """Why this board must not be believed, or None. A doubted board is like none, for ``max_silence`` at most.

    With a dead real-time feed DBF answers 200 and says delay 0 of every train; with a failed plan hour, or another
    station's board, most of the trains that are still to come are missing.
    """
    if polled_at - station.last_board > rules.max_silence * MINUTE:
        return None
    feed_speaks = any(report.delay or report.row.is_cancelled for report in reports.values())
    forgotten = to_come = missing = 0
    for key, entry in station.entries.items():
        if entry.last_seen != station.last_board:
            continue
        if not feed_speaks and (entry.delay or entry.row.is_cancelled):
            forgotten += key in reports or entry.believed > polled_at
        if entry.earliest > polled_at:
            to_come += 1
            missing += key not in reports
    if forgotten >= _DOUBT_FROM:
        return f"the real-time feed seems dead: all delays are 0, {forgotten} trains had another one before"
    if missing >= _DOUBT_FROM and missing * 2 > to_come:
        return f"another station's board or an incomplete one: {missing} of {to_come} trains still to come are missing"
    return None


def _first_sight(key: str, entry: Entry, memory: Memory) -> Iterator[Verdict]:
    """A train that was not on the boards before, or one that comes back after its decision."""
    _recall(entry, memory.get(key), entry.last_seen)
    if entry.kind in GONE:
        yield Verdict("late", key, _snapshot(entry), entry.last_seen)
    else:
        entry.kind = ""
        yield Verdict("planned", key, _snapshot(entry), entry.last_seen)


def _update(entry: Entry, report: Entry) -> None:
    if entry.delay != report.delay or bool(entry.row.is_cancelled) != bool(report.row.is_cancelled):
        entry.since = report.last_seen
    entry.row, entry.planned, entry.delay = report.row, report.planned, report.delay
    entry.last_seen, entry.first_missing = report.last_seen, 0


def _is_settled(entry: Entry, polled_at: int, rules: Rules) -> bool:
    return entry.believed + rules.settle * MINUTE <= polled_at and entry.since + CONFIRMED_AFTER <= polled_at


def _after_decision(key: str, entry: Entry, at: int, *, last_chance: bool = False) -> Iterator[Verdict]:
    """A decided row that is still on the boards: a change that stands is a correction, a revocation opens it again."""
    cancelled = bool(entry.row.is_cancelled)
    if (entry.delay, cancelled) == (entry.decided_delay, entry.decided_cancelled):
        return
    if entry.since + CONFIRMED_AFTER > at and not last_chance:
        return
    if entry.kind not in GONE:
        if not cancelled:
            entry.kind = ""
        return
    entry.decided_delay, entry.decided_cancelled = entry.delay, cancelled
    yield Verdict("corrected", key, _snapshot(entry), at)
    entry.revision += 1


def _note_missing(station: Station, memory: Memory, polled_at: int) -> list[Verdict]:
    """Trains that this board lacks: open ones begin to be silent, decided ones are remembered and let go."""
    verdicts: list[Verdict] = []
    for key in [key for key, entry in station.entries.items() if entry.last_seen != polled_at]:
        entry = station.entries[key]
        if entry.kind:
            verdicts.extend(_after_decision(key, entry, polled_at, last_chance=True))
            _remember(station, memory, key)
        elif not entry.first_missing:
            entry.first_missing = polled_at
    return verdicts


def _deadlines(station: Station, rules: Rules) -> Iterator[tuple[int, str]]:
    """When each open train falls due without another report."""
    gap, max_silence = rules.gap * MINUTE, rules.max_silence * MINUTE
    for key, entry in station.entries.items():
        if entry.kind:
            continue
        if not entry.first_missing:
            yield max(entry.last_seen, entry.believed) + max_silence, key
        elif _is_stale(entry, rules):
            yield entry.first_missing, key
        else:
            yield max(entry.last_seen + gap, entry.first_missing), key


def _is_stale(entry: Entry, rules: Rules) -> bool:
    """Whether the boards were away for so long that a missing train proves nothing."""
    return entry.first_missing - entry.last_seen > rules.max_silence * MINUTE


def _silent_kind(entry: Entry, rules: Rules) -> str:
    if not entry.first_missing or _is_stale(entry, rules):
        return "undecided"
    kind = _kind(entry)
    if kind != "cancelled" and entry.earliest > entry.first_missing:
        return "withdrawn"
    return kind


def _kind(entry: Entry) -> str:
    if entry.row.is_cancelled:
        return "cancelled"
    return "departed" if entry.row.scheduled_departure is not None else "terminated"


def _decide(key: str, entry: Entry, kind: str, at: int, rule: str) -> Verdict:
    entry.kind = kind
    entry.decided_delay, entry.decided_cancelled = entry.delay, bool(entry.row.is_cancelled)
    verdict = Verdict(kind, key, _snapshot(entry), at, rule)
    entry.revision += 1
    return verdict


def _remember(station: Station, memory: Memory, key: str) -> None:
    entry = station.entries.pop(key)
    memory[key] = _encode_remembered(
        Remembered(entry.kind, entry.decided_delay, entry.decided_cancelled, entry.revision, entry.believed + MEMORY)
    )


def _recall(entry: Entry, remembered: bytes | None, now: int) -> None:
    if remembered is None:
        return
    known = _decode_remembered(remembered)
    if known.forget_at >= now:  # and not only until the next sweep: decisions must not depend on when that was
        entry.kind, entry.revision = known.kind, known.revision
        entry.decided_delay, entry.decided_cancelled = known.delay, known.cancelled


def _sweep(memory: Memory, now: int) -> None:
    for key in [key for key, value in memory.items() if _decode_remembered(value).forget_at < now]:
        del memory[key]
