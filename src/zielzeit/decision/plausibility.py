"""Which boards must not be believed. A doubted board counts as none, for ``max_silence`` at most.

DBF answers 200 in three cases where a board tells nothing: with a dead real-time feed every delay is 0 and every
cancellation gone; with a failed plan hour many trains are missing; and a mistyped or misrouted request gets another
station's board.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from zielzeit.berlin_time import MINUTE
from zielzeit.boards import parse as boards
from zielzeit.decision.state import EARLY_DEPARTURE, Entry, Station

_ENOUGH: Final = 3
"""This many trains that change at once in a way that trains do not mean a fault."""
_REACH: Final = 175 * MINUTE
"""A board shows what is planned up to three hours ahead; five minutes less to be sure."""


class Doubt(NamedTuple):
    """What is odd about a board."""

    reason: str | None
    """Why it must not be believed, or None."""
    strangers: frozenset[str] = frozenset()
    """Trains that the board before should have shown, and did not."""
    same_station: bool = False
    """Whether enough trains are on the board before, too: then strangers are trains that were added."""


def judge(station: Station, reports: dict[str, Entry], polled_at: int, max_silence: int) -> Doubt:
    """Compare a board with the one before (``max_silence`` in milliseconds)."""
    if polled_at - station.last_board > max_silence:
        station.doubted = []
        return Doubt(None)
    shown_until = station.last_board + _REACH
    strangers = frozenset(key for key in reports.keys() - station.entries.keys() if reports[key].planned < shown_until)
    wrong = _disagreement(station, reports, strangers, polled_at)
    if wrong:
        coming = [key for key, report in reports.items() if report.planned > polled_at]
        if not _agree(station.doubted, coming):
            station.doubted = coming
            return Doubt(wrong)
        # Two boards agree against the one before them: that one was wrong, and what it alone showed proves nothing.
        strangers = strangers.difference(station.doubted)
        for entry in station.entries.values():
            if entry.since == entry.last_seen:
                entry.sure = False
    else:
        dead = _dead_feed(station, reports, polled_at)
        if dead:
            return Doubt(dead)
    station.doubted = []
    if not strangers:  # as on nearly every board
        return Doubt(None)
    in_common = sum(entry.last_seen == station.last_board for key, entry in station.entries.items() if key in reports)
    return Doubt(None, strangers, same_station=in_common >= _ENOUGH)


def lost(entry: Entry, report: Entry) -> bool:
    """Whether a row has lost its real-time data: the delay 0 that it shows now is none."""
    return (
        bool(report.row.missing_realtime)
        and not entry.row.missing_realtime
        and (entry.delay != 0 or entry.cancelled)
        and not report.delay
        and not report.cancelled
    )


def is_ours(name: str, station: Station, entry: Entry) -> bool:
    """Whether a train's route leads to this station: after a night without trains that alone tells a wrong board."""
    stops = boards.route(entry.row.route)
    leads_here = any(stop.name == name for stop in stops)
    station.named = station.named or leads_here
    return leads_here or not station.named or not stops


def _dead_feed(station: Station, reports: dict[str, Entry], polled_at: int) -> str | None:
    if any(report.delay or report.cancelled for report in reports.values()):
        return None
    says_missing = any(report.row.missing_realtime for report in reports.values())
    forgotten = proven = 0
    for key, entry in station.entries.items():
        if entry.last_seen != station.last_board or not (entry.delay or entry.cancelled):
            continue
        report = reports.get(key)
        if report is not None:
            forgotten += 1
            proven += lost(entry, report)
        elif entry.believed > polled_at:
            forgotten += 1
            proven += says_missing and entry.believed > polled_at + EARLY_DEPARTURE
    if proven or forgotten >= _ENOUGH:
        return f"the real-time feed seems dead: all delays are 0, {forgotten} trains had another one before"
    return None


def _disagreement(station: Station, reports: dict[str, Entry], strangers: frozenset[str], polled_at: int) -> str | None:
    """Two boards of one station must agree in most of the trains that are still to come and in reach of both."""

    def is_coming(entry: Entry) -> bool:
        return entry.last_seen == station.last_board and entry.earliest > polled_at

    missing = sum(is_coming(station.entries[key]) for key in station.entries.keys() - reports.keys())
    new = sum(1 for key in strangers if reports[key].planned > polled_at)
    if missing + new < _ENOUGH:  # as on nearly every board
        return None
    coming = sum(map(is_coming, station.entries.values()))
    if 2 * (missing + new) > coming + new:
        return (
            "another station's board or an incomplete one: "
            f"{missing} of {coming} trains still to come are missing, {new} were not there before"
        )
    return None


def _agree(one: list[str], other: list[str]) -> bool:
    both = len(set(one) & set(other))
    return 2 * both > len(set(one) | set(other))
