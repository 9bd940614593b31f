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

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.boards import parse as boards
from zielzeit.boards.odd_rows import UnreadableRow
from zielzeit.decision import identity, looking_back, lost_realtime, plausibility, silence, unreadable
from zielzeit.decision.change import Change
from zielzeit.decision.own_station import OwnStation
from zielzeit.decision.report import BelievedBoard, after_decision, take_report
from zielzeit.decision.state import Entry, Memory, StationState, recall, remember, sweep
from zielzeit.decision.transition import Transition, decide
from zielzeit.decision.unreadable import NO_ROWS, HiddenTrain
from zielzeit.settings import Settings


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


class FoldedBoard(NamedTuple):
    """What a board leads to."""

    transitions: list[Transition]
    implausible: str | None = None
    """Why the board was not believed and counts as none, or None."""
    unreadable: Sequence[UnreadableRow] = ()
    """Its unreadable rows that were not reported before."""
    cause: str = ""
    """As of ``Plausibility``."""


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
    change = Change.of(station, seen)
    max_silence, all_readable = rules.max_silence * MINUTE, not board.unreadable
    checked = plausibility.check(station, change, polled_at, max_silence, checksum, all_readable=all_readable)
    if checked.implausible:
        return FoldedBoard(transitions, checked.implausible, cause=checked.cause)
    hidden, reported = NO_ROWS
    if board.unreadable:
        hidden, reported = unreadable.note(station, board.unreadable, polled_at, station.last_board)
    station.learnt, station.wings = list(here.learnt), wings
    believed = BelievedBoard(
        here, station, memory, change, checked.unexpected, checked.same_station, polled_at, rules.settle * MINUTE
    )
    transitions.extend(fold_trains(believed, seen.items(), rules, hidden))
    return FoldedBoard(transitions, unreadable=reported)


def fold_trains(
    board: BelievedBoard,
    reports: Iterable[tuple[str, Entry]],
    rules: Rules,
    hidden: Sequence[HiddenTrain] = (),
) -> Iterator[Transition]:
    """Take the trains of a board that counts: ``reports`` in its order, then those that it lacks.

    Trains that it shows and ``reports`` leaves out must have ``polled_at`` as ``last_seen``, and nothing new.
    """
    station, polled_at = board.station, board.polled_at
    completed = identity.complete(station, board.change)
    lost_realtime.update(station, board.change, polled_at)
    yield from _withdraw_replaced(station, board.change, board.unexpected, polled_at)
    station.last_board = polled_at
    for key, report in reports:
        yield from take_report(board, key, report, is_completed=key in completed)
    yield from _note_missing(station, board.memory, polled_at, hidden)
    station.due = silence.earliest(station, rules.gap * MINUTE, rules.max_silence * MINUTE)
    yield from advance(station, board.memory, polled_at, rules)


def advance(station: StationState, memory: Memory, to: Milliseconds, rules: Rules) -> list[Transition]:
    """Let time pass up to ``to`` without a board: deadlines of silence and of outages are reached."""
    transitions = []
    if 0 < station.due <= to:
        for deadline, key in silence.due(station, to, rules.gap * MINUTE, rules.max_silence * MINUTE):
            entry = station.entries[key]
            transitions.append(decide(key, entry, silence.kind(entry, rules.max_silence * MINUTE), deadline, "silence"))
            remember(station, memory, key)
        station.due = silence.earliest(station, rules.gap * MINUTE, rules.max_silence * MINUTE)
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


def _withdraw_replaced(
    station: StationState, change: Change, unexpected: frozenset[str], polled_at: Milliseconds
) -> Iterator[Transition]:
    """Withdraw the trains whose places unexpected trains take."""
    if not unexpected or not change.vanished:  # as on nearly every board
        return
    for key in change.new:  # in the board's order: that of a set would change with the seed of Python's hashes
        if key in unexpected:
            old_key = identity.replaced_by(station, change, key)
            if old_key is not None:
                yield decide(old_key, station.entries[old_key], "withdrawn", polled_at, "silence")


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
            transitions.extend(after_decision(key, entry, polled_at, last_chance=True))
        if entry.kind:
            remember(station, memory, key)
        elif not entry.first_missing and key not in station.lost:  # open, or opened again by its last report
            entry.first_missing = polled_at
    return transitions
