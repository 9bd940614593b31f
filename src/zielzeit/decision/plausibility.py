"""Which boards are plausible. An implausible board counts as none, for ``max_silence`` at most.

DBF answers with status 200 in three cases in which a board proves nothing: with a dead real-time feed every delay is 0
and no train is cancelled; with a failed plan hour many trains are missing; and a misspelled or misrouted request
returns another station's board. A cache can answer with an old board (``zielzeit.decision.old_board``).
"""

from __future__ import annotations

from itertools import islice
from typing import Final, NamedTuple

from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.boards import parse as boards
from zielzeit.decision import old_board
from zielzeit.decision.change import Change
from zielzeit.decision.lost_realtime import has_lost_realtime
from zielzeit.decision.own_station import OwnStation
from zielzeit.decision.state import EARLY_DEPARTURE, Entry, StationState
from zielzeit.metrics.job import DEAD_FEED, OLD_BOARD, OTHER_BOARD

ENOUGH: Final = 3
"""If this many trains change at once in a way that single trains do not, the board is at fault."""
_REACH: Final = 175 * MINUTE
"""How far a board surely looks ahead, milliseconds: three hours less five minutes."""


class Plausibility(NamedTuple):
    """Result of the comparison of a board with the one before."""

    implausible: str | None
    """Why the board is not believed, or None."""
    unexpected: frozenset[str] = frozenset()
    """Trains that the board before should have shown, and did not."""
    same_station: bool = False
    """True if enough trains are on the board before, too: then unexpected trains are additional trains."""
    cause: str = ""
    """The kind of what is implausible: a value of the label ``cause`` of ``zielzeit.metrics.job``."""


def check(
    station: StationState,
    change: Change,
    polled_at: Milliseconds,
    max_silence: int,
    checksum: int,
    *,
    all_readable: bool,
) -> Plausibility:
    """Compare a board with the one before (``max_silence`` in milliseconds, ``checksum`` of the body).

    ``all_readable`` is False if a row of the board cannot be read: it may be that of a train that seems to be gone.
    """
    reports = change.reports
    first_rows = islice(reports.values(), old_board.FIRST_ROWS)
    vanished = change.vanished if all_readable else []
    old = old_board.doubt(station, first_rows, vanished, polled_at, checksum, max_silence)
    if old:
        return Plausibility(old, cause=OLD_BOARD)
    if polled_at - station.last_board > max_silence:
        station.rejected = []
        return Plausibility(None)
    unexpected = unexpected_trains(station, change)
    disagreement = _disagreement(station, change, unexpected, polled_at)
    if disagreement:
        coming = [key for key, report in reports.items() if report.planned > polled_at]
        if not _agree(station.rejected, coming):
            station.rejected = coming
            return Plausibility(disagreement, cause=OTHER_BOARD)
        # Two boards agree against the one before them: that one was wrong, and trains only on it are not confirmed.
        unexpected = unexpected.difference(station.rejected)
        for entry in station.entries.values():
            if entry.since == entry.last_seen:
                entry.confirmed = False
    else:
        dead = _dead_feed(station, reports, polled_at)
        if dead:
            return Plausibility(dead, cause=DEAD_FEED)
    station.rejected = []
    if not unexpected:  # as on nearly every board
        return Plausibility(None)
    in_common = sum(entry.last_seen == station.last_board for key, entry in station.entries.items() if key in reports)
    return Plausibility(None, unexpected, same_station=in_common >= ENOUGH)


def unexpected_trains(station: StationState, change: Change) -> frozenset[str]:
    """Return the trains of a board that the one before should have shown, and did not."""
    shown_until = station.last_board + _REACH
    return frozenset(key for key in change.new if change.reports[key].planned < shown_until)


def calls_here(here: OwnStation, station: StationState, entry: Entry) -> int | None:
    """Return how often a train calls at this station by its route; None if that cannot be told, 0 for another's train.

    It cannot be told as long as no route here names the station. After a night without trains nothing else tells
    another station's board.
    """
    stops = boards.route(entry.row.route)
    calls = len(here.places(stops))
    station.named = station.named or calls > 0
    return calls if station.named and stops else None


def _dead_feed(station: StationState, reports: dict[str, Entry], polled_at: Milliseconds) -> str | None:
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
            proven += has_lost_realtime(entry, report)
        elif entry.believed > polled_at:
            forgotten += 1
            proven += says_missing and entry.believed > polled_at + EARLY_DEPARTURE
    if proven or forgotten >= ENOUGH:
        return f"the real-time feed seems dead: all delays are 0, {forgotten} trains had another one before"
    return None


def _disagreement(
    station: StationState, change: Change, unexpected: frozenset[str], polled_at: Milliseconds
) -> str | None:
    """Return what is wrong if two boards differ in most of the trains that are to come and in reach of both."""
    missing, new = trains_to_come(station, change, unexpected, polled_at)
    if missing + new < ENOUGH:  # as on nearly every board
        return None
    on_last_board = (entry for entry in station.entries.values() if entry.last_seen == station.last_board)
    coming = sum(entry.earliest > polled_at for entry in on_last_board)
    if 2 * (missing + new) > coming + new:
        return (
            "another station's board or an incomplete one: "
            f"{missing} of {coming} trains still to come are missing, {new} were not there before"
        )
    return None


def trains_to_come(
    station: StationState, change: Change, unexpected: frozenset[str], polled_at: Milliseconds
) -> tuple[int, int]:
    """Return how many trains that are to come a board lacks, and how many it shows that were not expected."""
    missing = sum(station.entries[key].earliest > polled_at for key in change.vanished)
    return missing, sum(change.reports[key].planned > polled_at for key in unexpected)


def _agree(one: list[str], other: list[str]) -> bool:
    both = len(set(one) & set(other))
    return 2 * both > len(set(one) | set(other))
