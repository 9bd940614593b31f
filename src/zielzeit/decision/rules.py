"""The decision: from the boards of one station to what became of each train. A pure fold, no Flink.

``fold`` takes a station's boards in the order of ``polled_at``; ``advance`` lets time pass without a board. Both change
the station's state and return decisions. Whoever calls them brings the boards into order, so that the set of decisions
depends on the set of boards alone.

The rules, all times event time (docs/architecture.md says why there are two):

* settled: the row's believed departure (planned + delay) lies ``settle`` behind a board that shows the same value as
  an earlier one. That is the rule for boards polled with ``past=1``, which keep rows for an hour.
* silence: the train was not on the boards for ``gap`` and at least one newer board lacks it. That is the rule for
  default boards, which drop a row the minute the train is believed gone. A train that vanishes before its time has
  until then to come back, and is ``withdrawn`` if it does not.
* undecided: no newer board came within ``max_silence``: an outage is no departure.

A departure that is decided stays decided; what boards say of it later becomes ``corrected`` or ``late``. Only a train
that was not seen to leave (cancelled, withdrawn, undecided) may be decided after all, as the next
revision of the same id.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from zielzeit.berlin_time import MINUTE
from zielzeit.boards import parse as boards
from zielzeit.decision import identity, plausibility
from zielzeit.decision.state import Entry, Memory, Station, recall, remember, sweep

__all__ = ["GONE", "Entry", "Folded", "Memory", "Rules", "Station", "Verdict"]

CONFIRMED_AFTER: Final = MINUTE
"""How long a value must stand before it settles or corrects: a glitch of one board must do neither."""
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


class Verdict(msgspec.Struct, frozen=True):
    """What became of an entry; ``zielzeit.decision.event`` makes the event of it.

    ``planned`` is the first sight of a train, or of its ending here; the rest are the kinds of ``events.Kind``.
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


_snapshot = msgspec.structs.replace


def fold(name: str, station: Station, memory: Memory, board: boards.Board, polled_at: int, *, rules: Rules) -> Folded:
    """Take one board in order of time; ``polled_at`` (milliseconds) must lie after ``station.frontier``."""
    verdicts = advance(station, memory, polled_at - 1, rules)
    station.frontier = polled_at
    seen = identity.read(name, station, board, polled_at)
    odd = plausibility.judge(station, seen, polled_at, rules.max_silence * MINUTE)
    if odd.reason:
        return Folded(verdicts, odd.reason)
    for key in odd.strangers:
        verdicts.extend(_replaced(station, seen, key, polled_at))
    station.last_board = polled_at
    for key, report in seen.items():
        entry = station.entries.get(key)
        if entry is None:
            entry = station.entries[key] = report
            entry.sure = plausibility.is_ours(name, station, entry) and (odd.same_station or key not in odd.strangers)
            verdicts.extend(_first_sight(key, entry, memory))
        else:
            went_on = not entry.ends
            _update(entry, report)
            if went_on and entry.ends and not entry.kind:  # it is cut short
                verdicts.append(Verdict("planned", key, _snapshot(entry), polled_at))
        if entry.kind:
            verdicts.extend(_after_decision(key, entry, polled_at))
        if not entry.kind and _is_settled(entry, polled_at, rules):
            verdicts.append(_decide(key, entry, _kind(entry), polled_at, "settled"))
    if not board.faults:  # a row that could not be read may be any train
        verdicts.extend(_note_missing(station, memory, polled_at))
    station.due = _earliest(station, rules)
    verdicts.extend(advance(station, memory, polled_at, rules))
    return Folded(verdicts)


def advance(station: Station, memory: Memory, to: int, rules: Rules) -> list[Verdict]:
    """Let time pass up to ``to`` (milliseconds) without a board: silence and outages fall due."""
    verdicts = []
    if 0 < station.due <= to:
        for deadline, key in sorted(item for item in _deadlines(station, rules) if item[0] <= to):
            entry = station.entries[key]
            verdicts.append(_decide(key, entry, _silent_kind(entry, rules), deadline, "silence"))
            remember(station, memory, key)
        station.due = _earliest(station, rules)
    station.frontier = max(station.frontier, to)
    sweep(station, memory)
    return verdicts


def late(name: str, station: Station, memory: Memory, board: boards.Board, polled_at: int) -> list[Verdict]:
    """What a board from before the frontier says of trains that are already decided. Changes nothing."""
    verdicts = []
    for key, entry in identity.read(name, station, board, polled_at).items():
        known = station.entries.get(key)
        if known is None:
            recall(entry, memory.get(key), polled_at)
        else:
            entry.kind, entry.revision = known.kind, known.revision
        if entry.kind:
            # At the report's own time: how far time has been folded depends on which timers have fired by then.
            verdicts.append(Verdict("late", key, entry, polled_at))
    return verdicts


def _replaced(station: Station, seen: dict[str, Entry], key: str, polled_at: int) -> Iterator[Verdict]:
    """A train that appears in the place of another one, which is gone with the same board, is that other one."""
    for old_key, old in station.entries.items():
        if (
            not old.kind
            and old_key not in seen
            and old.last_seen == station.last_board
            and _is_same_train(old_key, old, key, seen[key])
        ):
            yield _decide(old_key, old, "withdrawn", polled_at, "silence")
            return


def _is_same_train(old_key: str, old: Entry, new_key: str, new: Entry) -> bool:
    """Whether a row was renumbered, or has got a departure that it had not: its identity changes with either."""
    before, after = old.row, new.row
    if (before.scheduled_arrival, before.scheduled_departure) == (after.scheduled_arrival, after.scheduled_departure):
        return old.planned_wall == new.planned_wall and before.destination == after.destination
    same_number = old_key.partition("@")[0] == new_key.partition("@")[0]
    return same_number and before.scheduled_arrival == after.scheduled_arrival is not None


def _first_sight(key: str, entry: Entry, memory: Memory) -> Iterator[Verdict]:
    """A train that was not on the boards before, or one that comes back after its decision."""
    recall(entry, memory.get(key), entry.last_seen)
    if entry.kind in GONE:
        yield Verdict("late", key, _snapshot(entry), entry.last_seen)
    else:
        entry.kind = ""
        yield Verdict("planned", key, _snapshot(entry), entry.last_seen)


def _update(entry: Entry, report: Entry) -> None:
    entry.last_seen, entry.first_missing, entry.sure = report.last_seen, 0, True
    if report.row.missing_realtime and plausibility.lost(entry, report):
        return  # what was known of it is still the best there is
    if (entry.delay, entry.cancelled, entry.ends) != (report.delay, report.cancelled, report.ends):
        entry.since = report.last_seen
    entry.row, entry.planned, entry.delay, entry.ends = report.row, report.planned, report.delay, report.ends


def _is_settled(entry: Entry, polled_at: int, rules: Rules) -> bool:
    return entry.believed + rules.settle * MINUTE <= polled_at and entry.since + CONFIRMED_AFTER <= polled_at


def _after_decision(key: str, entry: Entry, at: int, *, last_chance: bool = False) -> Iterator[Verdict]:
    """A decided row that is still on the boards: a change that stands is a correction, a revocation opens it again."""
    cancelled = entry.cancelled
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
        if entry.kind:
            remember(station, memory, key)
        elif not entry.first_missing:  # open, or opened by the last thing that was said of it
            entry.first_missing = polled_at
    return verdicts


def _earliest(station: Station, rules: Rules) -> int:
    """The first of the deadlines, 0 where there is none."""
    return min((deadline for deadline, _ in _deadlines(station, rules)), default=0)


def _deadlines(station: Station, rules: Rules) -> Iterator[tuple[int, str]]:
    """When each open train falls due without another report."""
    gap, max_silence = rules.gap * MINUTE, rules.max_silence * MINUTE
    for key, entry in station.entries.items():
        if entry.kind:
            continue
        if not entry.first_missing:
            yield max(entry.last_seen, entry.believed) + max_silence, key
        elif entry.earliest > entry.first_missing:  # before its time, so it has until then to come back
            yield max(entry.last_seen, entry.believed) + gap, key
        elif _proves_nothing(entry, rules):
            yield entry.first_missing, key
        else:
            yield max(entry.last_seen + gap, entry.first_missing), key


def _proves_nothing(entry: Entry, rules: Rules) -> bool:
    """Whether a missing train may be anywhere: the boards were away too long, or only an odd one ever showed it."""
    return entry.first_missing - entry.last_seen > rules.max_silence * MINUTE or not entry.sure


def _silent_kind(entry: Entry, rules: Rules) -> str:
    if not entry.first_missing or not entry.sure:
        return "undecided"
    if entry.cancelled:
        return "cancelled"
    if entry.earliest > entry.first_missing:
        return "withdrawn"
    return "undecided" if _proves_nothing(entry, rules) else _kind(entry)


def _kind(entry: Entry) -> str:
    if entry.cancelled:
        return "cancelled"
    return "terminated" if entry.ends else "departed"


def _decide(key: str, entry: Entry, kind: str, at: int, rule: str) -> Verdict:
    entry.kind = kind
    entry.decided_delay, entry.decided_cancelled = entry.delay, entry.cancelled
    verdict = Verdict(kind, key, _snapshot(entry), at, rule)
    entry.revision += 1
    return verdict
