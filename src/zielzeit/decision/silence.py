"""What the silence of a missing train means, and when: the deadlines of open trains without another board."""

from __future__ import annotations

from collections.abc import Iterator

from zielzeit.berlin_time import Milliseconds
from zielzeit.decision import lost_realtime
from zielzeit.decision.state import Entry, StationState


def deadlines(station: StationState, gap: int, max_silence: int) -> Iterator[tuple[Milliseconds, str]]:
    """Yield when each open train is decided if no other board shows it, and its key.

    ``gap`` and ``max_silence`` are the waiting times of ``Rules``, here in milliseconds.
    """
    for key, entry in station.entries.items():
        if entry.kind:
            continue
        if not entry.first_missing:
            yield Milliseconds(max(entry.last_seen, entry.expected) + max_silence), key
        elif _may_come_back(entry):
            yield Milliseconds(max(entry.last_seen, entry.expected) + gap), key
        elif _proves_nothing(entry, max_silence):
            yield entry.first_missing, key
        else:
            yield Milliseconds(max(entry.last_seen + gap, entry.first_missing)), key


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
