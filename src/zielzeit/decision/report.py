"""What a board's row changes in what is known of its train: its report, its decision by settling, its corrections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision import identity, looking_back, lost_realtime, plausibility, silence
from zielzeit.decision.change import Change
from zielzeit.decision.own_station import OwnStation
from zielzeit.decision.state import NEVER, Entry, Memory, StationState, recall
from zielzeit.decision.transition import GONE, PLANNED, Transition, decide, snapshot

CONFIRMED_AFTER: Final = MINUTE
"""Milliseconds for which a value must stand before it settles or corrects: an error of one board must do neither."""
_NOT_AGAIN: Final = Milliseconds(2**62)


class BelievedBoard(NamedTuple):
    """A board that counts, and what its trains are judged by."""

    here: OwnStation
    station: StationState
    memory: Memory
    change: Change
    unexpected: frozenset[str]
    """As of ``Plausibility``, and the next one."""
    same_station: bool
    polled_at: Milliseconds
    settle: int
    """As of ``Rules``, milliseconds."""


def take_report(board: BelievedBoard, key: str, report: Entry, *, is_completed: bool) -> Iterator[Transition]:
    """Take what a board says of one train, and return what changes with it."""
    station, polled_at = board.station, board.polled_at
    entry = station.entries.get(key)
    if entry is None:
        entry = station.entries[key] = report
        calls = plausibility.calls_here(board.here, station, entry)
        if calls is not None and calls > 1:
            entry.call = identity.earlier_calls(key, station.entries.keys() | board.change.reports.keys())
        expected = board.same_station or key not in board.unexpected
        entry.confirmed = is_completed or (calls != 0 and expected)
        yield from _first_sight(key, entry, board.memory)
    else:
        went_on = not entry.ends
        _update(entry, report, lost=key in station.lost)
        if went_on and entry.ends and not entry.kind:  # the run is cut short
            yield Transition(PLANNED, key, snapshot(entry), polled_at)
    if entry.kind:
        yield from after_decision(key, entry, polled_at)
    if not entry.kind and _is_settled(entry, polled_at, board.settle) and key not in station.lost:
        yield decide(key, entry, silence.kind_when_gone(entry), polled_at, "settled")
        looking_back.note_settled(station, entry, polled_at)


def wakes_at(entry: Entry, settle: int) -> Milliseconds:
    """Return when ``take_report`` must be told again of a row that stays the same (``settle`` in milliseconds)."""
    if not entry.kind:
        return Milliseconds(max(entry.believed + settle, entry.since + CONFIRMED_AFTER, entry.earliest))
    if (entry.delay, entry.cancelled) == (entry.decided_delay, entry.decided_cancelled):
        return _NOT_AGAIN
    return Milliseconds(entry.since + CONFIRMED_AFTER)


def _first_sight(key: str, entry: Entry, memory: Memory) -> Iterator[Transition]:
    """Report a train that was not on the boards before, or that comes back after its decision."""
    recall(entry, memory.get(key), entry.last_seen)
    if entry.kind in GONE:
        yield Transition("late", key, snapshot(entry), entry.last_seen)
    else:
        entry.kind = ""
        yield Transition(PLANNED, key, snapshot(entry), entry.last_seen)


def _update(entry: Entry, report: Entry, *, lost: bool) -> None:
    entry.last_seen, entry.first_missing, entry.confirmed = report.last_seen, NEVER, True
    if lost or (report.row.missing_realtime and lost_realtime.has_lost_realtime(entry, report)):
        entry.outdated_at = report.last_seen  # the older values are better than none
        return
    if (entry.delay, entry.cancelled, entry.ends) != (report.delay, report.cancelled, report.ends):
        entry.since = report.last_seen
    entry.row, entry.planned, entry.delay, entry.ends = report.row, report.planned, report.delay, report.ends
    entry.uncertain = report.uncertain


def _is_settled(entry: Entry, polled_at: Milliseconds, settle: int) -> bool:
    return (
        entry.believed + settle <= polled_at
        and entry.since + CONFIRMED_AFTER <= polled_at
        and entry.earliest <= polled_at
        and not entry.uncertain
    )


def after_decision(key: str, entry: Entry, at: Milliseconds, *, last_chance: bool = False) -> Iterator[Transition]:
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
    yield Transition("corrected", key, snapshot(entry), at)
    entry.revision += 1
