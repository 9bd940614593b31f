"""Which missing trains did not leave: a board that looks back (``past=1``) keeps a train for an hour after it left.

A train that vanishes from such a board within its hour was cancelled or withdrawn. A cancelled row counts from its
planned time, so that of a train that is an hour late it is gone at once. Nothing in a board says how it was asked for:
it looks back if it shows a train that left minutes ago. Where hardly any trains run, an earlier board has told that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision.state import Entry, StationState

_KEPT: Final = 55 * MINUTE
"""Milliseconds after a departure for which a board that looks back shows the train: an hour, less a late poll."""
_LEFT: Final = 5 * MINUTE
"""Milliseconds after its believed departure at which a board that does not look back surely lacks a train."""


def note_settled(station: StationState, entry: Entry, polled_at: Milliseconds) -> None:
    """Note that the station's boards look back, if the train that settled shows it."""
    if _stayed(entry, polled_at):
        station.looks_back = True


def note_missing(station: StationState, missing: Sequence[Entry], polled_at: Milliseconds) -> None:
    """Note of trains that this board is the first to lack whether they did not leave: it would still show them.

    If only earlier boards tell that the station's boards look back, that is believed of one board: the poller's
    settings may have changed, and then trains that left are missing, too.
    """
    for entry in missing:
        entry.did_not_leave = False
    within_hour = [entry for entry in missing if _within_hour(entry, polled_at)]
    if not within_hour:  # as on nearly every board that looks back
        return
    shows_it = any(entry.last_seen == polled_at and _stayed(entry, polled_at) for entry in station.entries.values())
    if shows_it or (station.looks_back and not any(entry.kind and not entry.cancelled for entry in within_hour)):
        for entry in within_hour:
            entry.did_not_leave = True
    station.looks_back = shows_it


def _stayed(entry: Entry, polled_at: Milliseconds) -> bool:
    """Return True if the row of a train that left minutes ago is still on the board.

    That of a run that is cut short stands until the departure that it does not have.
    """
    return entry.expected <= polled_at - _LEFT and not entry.cancelled and not entry.cut_short


def _within_hour(entry: Entry, polled_at: Milliseconds) -> bool:
    """Return True if a board would still show the train, had it left: not before it was last seen, or was to leave.

    Of a train that cannot have left yet nothing more needs to be known. The row of a train that has lost its real-time
    data counts from the plan, that of one that is cut short from the departure that it does not have, and a train of a
    single board may be another station's.
    """
    return (
        entry.earliest <= polled_at < min(entry.believed, entry.last_seen) + _KEPT
        and entry.confirmed
        and entry.outdated_at != entry.last_seen
        and not entry.cut_short
    )
