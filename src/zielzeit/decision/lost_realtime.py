"""Which trains of a board have lost their real-time data: what the board says of them counts for nothing.

A board merges the parts of a station (``Hbf``, ``Hbf (tief)``), each with a change feed of its own. If one feed
fails, DBF answers with status 200: the rows of that part show the delay 0 and no cancellation, and a default board,
which drops a row at its believed departure, drops the late ones at once. The rows of the other parts go on. So the loss
is judged by rows that lose what they had, never by the board as a whole.
"""

from __future__ import annotations

from typing import Final

from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.change import Change
from zielzeit.decision.state import EARLY_DEPARTURE, Entry, StationState

_SURE: Final = 2
"""So many trains that surely had real-time data lose it at once only if a feed has failed."""
_MANY: Final = 3
"""So many that may have lost it do so, too."""


def has_lost_realtime(entry: Entry, report: Entry) -> bool:
    """Return True if a row has lost its real-time data: the delay 0 that it shows now means unknown."""
    return bool(report.row.missing_realtime) and not entry.row.missing_realtime and _is_blank(entry, report)


def vanished_early(entry: Entry, at: Milliseconds) -> bool:
    """Return True if a train that a board lacks was believed to leave minutes later, but could be gone by its plan."""
    return entry.planned <= at < entry.believed - EARLY_DEPARTURE and not entry.cancelled


def update(station: StationState, change: Change, polled_at: Milliseconds) -> None:
    """Note in ``station.lost`` which trains a board shows without the real-time data that they had, or lacks for that.

    A lost train that is gone stays lost until the feed is back: until another one has such data again.
    """
    lost = _lost(station, change, polled_at)
    if station.lost and all(key in lost or key not in change.reports for key in station.lost):
        lost.update(key for key in station.lost if key in station.entries)
    station.lost = sorted(lost)


def _lost(station: StationState, change: Change, polled_at: Milliseconds) -> set[str]:
    """Return the trains whose real-time data a failed feed has taken from this board; mostly none.

    They are the rows that show nothing of what they had, and the late trains that are gone. It takes two trains that
    surely had such data, or three that may have had it: a single one may have lost its own, or made up time.
    """
    entries, reports = station.entries, change.reports
    turned, gone = candidates(station, change, polled_at)
    if not turned and not gone:  # as on nearly every board
        return set()
    blank = {key for key in turned if _is_blank(entries[key], reports[key])}
    # A train that should have been here by its plan has begun its run: without data it was "missing" before.
    sure = sum(key in blank or entries[key].planned <= station.last_board for key in turned) + len(gone)
    failed = sure >= _SURE or len(turned) >= _MANY
    if not failed:
        return blank.intersection(station.lost)
    # A train that is to begin here has no "missing" data yet; others without that mark have data, and are punctual.
    begin = {
        key
        for key, report in reports.items()
        if report.row.scheduled_arrival is None
        and report.planned > polled_at
        and _knew(station, key)
        and _is_blank(entries[key], report)
    }
    return blank.union(gone, begin)


def candidates(station: StationState, change: Change, polled_at: Milliseconds) -> tuple[list[str], list[str]]:
    """Return the trains that may have lost their data: rows that say so now, and late trains that are gone."""
    reports, entries = change.reports, station.entries
    turned = [key for key, report in reports.items() if report.row.missing_realtime and _knew(station, key)]
    return turned, [key for key in change.vanished if _knew(station, key) and _is_early(entries[key], polled_at)]


def _knew(station: StationState, key: str) -> bool:
    """Return True if the board before showed the train with real-time data, or without need of any."""
    entry = station.entries.get(key)
    return entry is not None and entry.last_seen == station.last_board and not entry.row.missing_realtime


def _is_early(entry: Entry, at: Milliseconds) -> bool:
    return not entry.kind and vanished_early(entry, at)


def _is_blank(entry: Entry, report: Entry) -> bool:
    return (entry.delay != 0 or entry.cancelled) and not report.delay and not report.cancelled
