"""What the silence of a missing train means, and when: the deadlines of open trains without another board."""

from __future__ import annotations

import sys

from zielzeit.berlin_time import Milliseconds
from zielzeit.decision import lost_realtime
from zielzeit.decision.state import NEVER, Entry, StationState


def due(station: StationState, to: Milliseconds, gap: int, max_silence: int) -> list[tuple[Milliseconds, str]]:
    """Return the deadlines up to ``to`` of open trains without another board, and their keys, in order.

    ``gap`` and ``max_silence`` are the waiting times of ``Rules``, here in milliseconds.
    """
    shown_after = to - max_silence
    return sorted(
        (deadline, key)
        for key, entry in station.entries.items()
        if not entry.kind
        and (entry.first_missing or entry.last_seen <= shown_after)
        and (deadline := _deadline(entry, gap, max_silence)) <= to
    )


def earliest(station: StationState, gap: int, max_silence: int) -> Milliseconds:
    """Return the first of the deadlines, ``NEVER`` if there is none."""
    # A train on the last board is due so long after the board or after it is expected to be gone, whichever is later.
    soonest = station.last_board + max_silence
    is_shown = False
    first = sys.maxsize
    for entry in station.entries.values():
        if entry.kind:
            continue
        if not entry.first_missing and entry.last_seen == station.last_board:
            # Nearly all: what cannot be sooner needs no second look.
            if is_shown or (entry.delay >= 0 and entry.planned + max_silence >= first):
                continue
            deadline = _deadline(entry, gap, max_silence)
            is_shown = deadline == soonest
        else:
            deadline = _deadline(entry, gap, max_silence)
        first = min(first, deadline)
    return NEVER if first == sys.maxsize else Milliseconds(first)


def _deadline(entry: Entry, gap: int, max_silence: int) -> Milliseconds:
    """Return when an open train is decided if no other board shows it."""
    if not entry.first_missing:
        return Milliseconds(max(entry.last_seen, entry.expected) + max_silence)
    if _may_come_back(entry):
        return Milliseconds(max(entry.last_seen, entry.expected) + gap)
    if _proves_nothing(entry, max_silence):
        return entry.first_missing
    return Milliseconds(max(entry.last_seen + gap, entry.first_missing))


def kind(entry: Entry, max_silence: int) -> str:
    """Return the kind of the decision of a train whose deadline is reached (``max_silence`` in milliseconds)."""
    if not entry.first_missing or not entry.confirmed or entry.uncertain:
        return "undecided"
    if entry.cancelled:
        return "cancelled"
    if entry.did_not_leave or entry.earliest > entry.first_missing:
        return "withdrawn"
    return "undecided" if _proves_nothing(entry, max_silence) else kind_when_gone(entry)


def kind_when_gone(entry: Entry) -> str:
    """Return the kind of the decision of a train that is surely gone."""
    if entry.cancelled:
        return "cancelled"
    return "terminated" if entry.ends else "departed"


def _may_come_back(entry: Entry) -> bool:
    """Return True if a train vanished before its time, or late and minutes before it was believed to leave.

    It has until then to come back. A late train that is gone may have made up time, or lost its real-time data: then
    DBF takes it for punctual, and for gone.
    """
    return (
        entry.did_not_leave
        or entry.earliest > entry.first_missing
        or lost_realtime.vanished_early(entry, entry.first_missing)
    )


def _proves_nothing(entry: Entry, max_silence: int) -> bool:
    """Return True if a missing train may be anywhere: no boards for too long, or it was never confirmed."""
    return entry.first_missing - entry.last_seen > max_silence or not entry.confirmed
