"""When has a train left a station? The rules, as a pure fold over the boards of one station. No Flink.

``fold`` takes the boards in the order of ``polled_at``; ``advance`` lets time pass without a board. Both change the
station's state and return the transitions of its trains. The caller (``zielzeit.decision.station``) puts the boards in
order, so that the set of decisions depends on the set of boards alone.

The rules, all times event time (docs/decisions.md has what they rest on):

* settled: the train's believed departure (planned + delay) lies ``settle`` before a board that shows the same values
  as an earlier one. This rule decides on boards polled with ``past=1``, which keep rows for an hour.
* silence: the train has not been on the boards for ``gap``, and at least one newer board lacks it. This rule decides on
  default boards, which drop a row in the minute in which the train is believed to leave. A train that vanishes before
  its time may come back until then, and is ``withdrawn`` if it does not; a late train that vanishes minutes before it
  was believed to leave has until then to come back, too. A train that vanishes from boards that would still show it if
  it had left is ``withdrawn`` as well.
* undecided: no newer board came within ``max_silence``. An outage does not prove a departure.

A departure stays decided; what boards say of it later is ``corrected`` or ``late``. Only a train that was not seen to
leave (cancelled, withdrawn, undecided) can be decided again, as the next revision of the same id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.boards import parse as boards
from zielzeit.boards.odd_rows import UnreadableRow
from zielzeit.decision import identity, looking_back, lost_realtime, plausibility, silence, unreadable
from zielzeit.decision.own_station import OwnStation
from zielzeit.decision.state import NEVER, Entry, Memory, StationState, recall, remember, sweep
from zielzeit.decision.unreadable import NO_ROWS, HiddenTrain
from zielzeit.settings import Settings

CONFIRMED_AFTER: Final = MINUTE
"""Milliseconds for which a value must stand before it settles or corrects: an error of one board must do neither."""
GONE: Final = ("departed", "terminated")
"""Kinds of trains that were here and have left; trains of the other kinds are opened again if they come back."""
PLANNED: Final = "planned"
"""Kind of a transition that is no decision: the first sight of a train, or of its run ending here."""


def default_minutes(setting: str) -> int:
    """Default of a rule's setting (``gap``, ``settle``, ``max_silence``, ``grace``), minutes."""
    default: int = Settings.model_fields[setting].default
    return default


class Rules(msgspec.Struct, frozen=True):
    """Waiting times of the rules, minutes of event time. The settings hold the defaults."""

    gap: int = default_minutes("gap")
    """Silence after which a train has departed."""
    settle: int = default_minutes("settle")
    """Time from a believed departure to a board that still shows the row."""
    max_silence: int = default_minutes("max_silence")
    """Longest time between two boards after which silence still proves a departure."""


class Transition(msgspec.Struct, frozen=True):
    """A change of what is known of a train; ``zielzeit.decision.event`` makes a decision or a planned stop of it."""

    kind: str
    """``PLANNED`` or one of ``zielzeit.events.structs.Kind``."""
    key: str
    """Identity of the train at the station."""
    entry: Entry
    """The train's entry at that moment."""
    at: Milliseconds
    """Event time of the board or the deadline that caused it."""
    rule: str | None = None
    """Rule that decided, or None."""


class FoldedBoard(NamedTuple):
    """What a board leads to."""

    transitions: list[Transition]
    implausible: str | None = None
    """Why the board was not believed and counts as none, or None."""
    unreadable: Sequence[UnreadableRow] = ()
    """Its unreadable rows that were not reported before."""
    cause: str = ""
    """As of ``Plausibility``."""


_snapshot = msgspec.structs.replace


def fold(
    here: OwnStation,
    station: StationState,
    memory: Memory,
    board: boards.ParsedBoard,
    polled_at: Milliseconds,
    *,
    rules: Rules,
    checksum: int,
) -> FoldedBoard:
    """Take one board in order of time; ``polled_at`` must lie after ``station.frontier``.

    ``checksum`` is that of the body: it tells whether the board before was the same to the byte.
    """
    transitions = advance(station, memory, Milliseconds(polled_at - 1), rules)
    station.frontier = polled_at
    here = here.taught_by(board.rows, named=station.named)
    seen, wings = identity.read(here, station, board, polled_at)
    checked = plausibility.check(station, seen, polled_at, rules.max_silence * MINUTE, checksum)
    if checked.implausible:
        return FoldedBoard(transitions, checked.implausible, cause=checked.cause)
    completed = identity.complete(station, seen)
    lost_realtime.update(station, seen, polled_at)
    if checked.unexpected:  # in the board's order: that of a set would change with the seed of Python's hashes
        for key in [key for key in seen if key in checked.unexpected]:
            transitions.extend(_replaced(station, seen, key, polled_at))
    hidden, reported = NO_ROWS
    if board.unreadable:
        hidden, reported = unreadable.note(station, board.unreadable, polled_at, station.last_board)
    station.last_board, station.learnt, station.wings = polled_at, list(here.learnt), wings
    for key, report in seen.items():
        entry = station.entries.get(key)
        if entry is None:
            entry = station.entries[key] = report
            calls = plausibility.calls_here(here, station, entry)
            if calls is not None and calls > 1:
                entry.call = identity.earlier_calls(key, station.entries.keys() | seen.keys())
            entry.confirmed = key in completed or (
                calls != 0 and (checked.same_station or key not in checked.unexpected)
            )
            transitions.extend(_first_sight(key, entry, memory))
        else:
            went_on = not entry.ends
            _update(entry, report, lost=key in station.lost)
            if went_on and entry.ends and not entry.kind:  # the run is cut short
                transitions.append(Transition(PLANNED, key, _snapshot(entry), polled_at))
        if entry.kind:
            transitions.extend(_after_decision(key, entry, polled_at))
        if not entry.kind and _is_settled(entry, polled_at, rules) and key not in station.lost:
            transitions.append(_decide(key, entry, silence.kind_when_gone(entry), polled_at, "settled"))
            looking_back.note_settled(station, entry, polled_at)
    transitions.extend(_note_missing(station, memory, polled_at, hidden))
    station.due = _earliest(station, rules)
    transitions.extend(advance(station, memory, polled_at, rules))
    return FoldedBoard(transitions, unreadable=reported)


def advance(station: StationState, memory: Memory, to: Milliseconds, rules: Rules) -> list[Transition]:
    """Let time pass up to ``to`` without a board: deadlines of silence and of outages are reached."""
    transitions = []
    if 0 < station.due <= to:
        for deadline, key in sorted(item for item in _deadlines(station, rules) if item[0] <= to):
            entry = station.entries[key]
            transitions.append(
                _decide(key, entry, silence.kind(entry, rules.max_silence * MINUTE), deadline, "silence")
            )
            remember(station, memory, key)
        station.due = _earliest(station, rules)
    station.frontier = max(station.frontier, to)
    sweep(station, memory)
    return transitions


def late(
    here: OwnStation, station: StationState, memory: Memory, board: boards.ParsedBoard, polled_at: Milliseconds
) -> list[Transition]:
    """Return what a board from before the frontier says of trains that are already decided. Changes nothing."""
    transitions = []
    for key, entry in identity.read(here, station, board, polled_at).reports.items():
        known = station.entries.get(key)
        if known is None:
            recall(entry, memory.get(key), polled_at)
        else:
            entry.kind, entry.revision, entry.call = known.kind, known.revision, known.call
        if entry.kind:
            # At the board's own time: how far time has advanced depends on which timers have fired by then.
            transitions.append(Transition("late", key, entry, polled_at))
    return transitions


def _replaced(station: StationState, seen: dict[str, Entry], key: str, polled_at: Milliseconds) -> Iterator[Transition]:
    """Withdraw the train whose place an unexpected train takes: it vanished with this board, and is the same."""
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
    """Return True if a row got another number, or a departure that it had not: both change its identity."""
    before, after = old.row, new.row
    if (before.scheduled_arrival, before.scheduled_departure) == (after.scheduled_arrival, after.scheduled_departure):
        return old.planned_wall == new.planned_wall and before.destination == after.destination
    same_number = old_key.partition("@")[0] == new_key.partition("@")[0]
    return same_number and before.scheduled_arrival == after.scheduled_arrival is not None


def _first_sight(key: str, entry: Entry, memory: Memory) -> Iterator[Transition]:
    """Report a train that was not on the boards before, or that comes back after its decision."""
    recall(entry, memory.get(key), entry.last_seen)
    if entry.kind in GONE:
        yield Transition("late", key, _snapshot(entry), entry.last_seen)
    else:
        entry.kind = ""
        yield Transition(PLANNED, key, _snapshot(entry), entry.last_seen)


def _update(entry: Entry, report: Entry, *, lost: bool) -> None:
    entry.last_seen, entry.first_missing, entry.confirmed = report.last_seen, NEVER, True
    if lost or (report.row.missing_realtime and lost_realtime.has_lost_realtime(entry, report)):
        entry.outdated_at = report.last_seen  # the older values are better than none
        return
    if (entry.delay, entry.cancelled, entry.ends) != (report.delay, report.cancelled, report.ends):
        entry.since = report.last_seen
    entry.row, entry.planned, entry.delay, entry.ends = report.row, report.planned, report.delay, report.ends
    entry.uncertain = report.uncertain


def _is_settled(entry: Entry, polled_at: Milliseconds, rules: Rules) -> bool:
    return (
        entry.believed + rules.settle * MINUTE <= polled_at
        and entry.since + CONFIRMED_AFTER <= polled_at
        and entry.earliest <= polled_at
        and not entry.uncertain
    )


def _after_decision(key: str, entry: Entry, at: Milliseconds, *, last_chance: bool = False) -> Iterator[Transition]:
    """Correct a decided train after a change that stands; open it again if its cancellation is revoked.

    ``last_chance``: the train is gone from the boards, so that nothing will confirm its last values.
    """
    cancelled = entry.cancelled
    if entry.uncertain or (entry.delay, cancelled) == (entry.decided_delay, entry.decided_cancelled):
        return
    if entry.since + CONFIRMED_AFTER > at and not last_chance:
        return
    if entry.kind not in GONE:
        if not cancelled:
            entry.kind = ""
        return
    entry.decided_delay, entry.decided_cancelled = entry.delay, cancelled
    yield Transition("corrected", key, _snapshot(entry), at)
    entry.revision += 1


def _note_missing(
    station: StationState, memory: Memory, polled_at: Milliseconds, hidden: Sequence[HiddenTrain]
) -> list[Transition]:
    """Note the trains that this board lacks: the silence of open ones begins, decided ones go to the memory.

    The absence of a train that has lost its real-time data proves nothing, nor that of one that an unreadable row may
    be.
    """
    transitions: list[Transition] = []
    missing = [(key, entry) for key, entry in station.entries.items() if entry.last_seen != polled_at]
    if hidden:
        missing = [(key, entry) for key, entry in missing if not any(train.may_be(entry) for train in hidden)]
    looking_back.note_missing(station, [entry for _, entry in missing if not entry.first_missing], polled_at)
    for key, entry in missing:
        if entry.kind:
            transitions.extend(_after_decision(key, entry, polled_at, last_chance=True))
        if entry.kind:
            remember(station, memory, key)
        elif not entry.first_missing and key not in station.lost:  # open, or opened again by its last report
            entry.first_missing = polled_at
    return transitions


def _earliest(station: StationState, rules: Rules) -> Milliseconds:
    """Return the first of the deadlines, ``NEVER`` if there is none."""
    return min((deadline for deadline, _ in _deadlines(station, rules)), default=NEVER)


def _deadlines(station: StationState, rules: Rules) -> Iterator[tuple[Milliseconds, str]]:
    return silence.deadlines(station, rules.gap * MINUTE, rules.max_silence * MINUTE)


def _decide(key: str, entry: Entry, kind: str, at: Milliseconds, rule: str) -> Transition:
    entry.kind = kind
    entry.decided_delay, entry.decided_cancelled = entry.delay, entry.cancelled
    transition = Transition(kind, key, _snapshot(entry), at, rule)
    entry.revision += 1
    return transition
