"""Boards of the past that arrive as new ones: a cache that has frozen, or that lags behind.

A default board drops a row when the train is believed to leave, a board polled with ``past=1`` an hour later. A board
that still shows a train after that was made before. And content that has frozen stays the same to the byte while one
train after the other should leave: a living board changes then, because rows come and go and delays are posted.

Nothing in a body says how it was polled. A station has default boards if they drop trains whose time has come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision.state import NEVER, Entry, StationState

_DEFAULT_REACH: Final = 4 * MINUTE
"""How far a default board may seem to look back, milliseconds: what DBF's caches and two clocks' difference allow."""
_PAST_REACH: Final = 65 * MINUTE
"""How far a board with ``past=1`` looks back: an hour, and the same."""
_SURELY_PAST: Final = 30 * MINUTE
_SURELY_TODAY: Final = 12 * 60 * MINUTE
_TIMES_PASSED: Final = 2
"""After so many times of departure a body that stays the same is doubted: one train may be without news."""
_BODIES: Final = 3
"""So many other bodies are known again."""
_NEWS: Final = 5 * MINUTE
"""How long after a departure its true minute is mostly posted, milliseconds; less than the rules wait by default."""
FIRST_ROWS: Final = 3
"""Rows among which the oldest stands: DBF orders rows by their believed departure, give or take a place."""


def doubt(
    station: StationState,
    first_rows: Iterable[Entry],
    vanished: Sequence[str],
    polled_at: Milliseconds,
    checksum: int,
    max_silence: int,
) -> str | None:
    """Return why a board is taken for an old one, or None. ``checksum`` is that of its body.

    ``first_rows`` are the board's first ``FIRST_ROWS`` rows, ``vanished`` the trains that it is the first to lack.

    A body that has been doubted stays so until it changes; other doubts end after ``max_silence`` (milliseconds)
    without a board that is believed.
    """
    oldest = min((_leaves(report, polled_at) for report in first_rows), default=polled_at)
    changed = _note_body(station, checksum, polled_at)
    if not changed and (station.doubted or _times_passed(station, polled_at) >= _TIMES_PASSED):
        station.doubted = True
        return _frozen(station, polled_at)
    if changed:
        if station.doubted and oldest < polled_at - _SURELY_PAST:
            station.drops_departed = False  # two different bodies in a row: the station is polled with past=1 now
        station.doubted = False
    reach = _DEFAULT_REACH if station.drops_departed else _PAST_REACH
    if oldest < polled_at - reach and polled_at - station.last_board <= max_silence:
        station.doubted = True
        age = (polled_at - oldest) // MINUTE
        return f"an old board: it shows a train that left {age} minutes ago, and goes back {reach // MINUTE} at most"
    if changed and oldest < polled_at - _DEFAULT_REACH:
        station.drops_departed = False
    elif changed and _dropped(station, vanished, polled_at):
        station.drops_departed = True
    return None


def _note_body(station: StationState, checksum: int, polled_at: Milliseconds) -> bool:
    """Make a body the station's present one; return True if it is new.

    One of the last other bodies is not: several caches that have frozen answer in turn.
    """
    if checksum == station.body:
        return False
    others = [(station.body, station.body_since), *station.earlier_bodies]
    since = next((since for body, since in others if body == checksum), NEVER)
    station.earlier_bodies = [other for other in others if other[0] != checksum][:_BODIES]
    station.body, station.body_since = checksum, since or polled_at
    return not since


def _frozen(station: StationState, polled_at: Milliseconds) -> str:
    return (
        f"an old board: the same to the byte for {(polled_at - station.body_since) // MINUTE} minutes, in which trains "
        "should have left"
    )


def _leaves(report: Entry, polled_at: Milliseconds) -> Milliseconds:
    """Return by which time the row stands on the board; ``polled_at`` for a row that does not tell.

    Where a run is cut short, it is not the arrival's; and a row that seems to be half a day old is dated wrongly.
    """
    if report.cut_short or report.expected < polled_at - _SURELY_TODAY:
        return polled_at
    return report.expected


def _times_passed(station: StationState, polled_at: Milliseconds) -> int:
    """Return how often trains should have left, and news of them come, since the body was first seen.

    Trains of one minute count once: the parts of a train leave together.
    """
    return len(
        {
            entry.believed
            for entry in station.entries.values()
            if station.body_since < entry.believed <= polled_at - _NEWS
            and entry.last_seen == station.last_board
            and not entry.cancelled
            and not entry.row.missing_realtime
        }
    )


def _dropped(station: StationState, vanished: Sequence[str], polled_at: Milliseconds) -> bool:
    """Return True if the board lacks a train that the one before showed, and whose time has come in between."""
    return any(
        station.last_board - _DEFAULT_REACH <= entry.expected < polled_at and entry.confirmed and not entry.cancelled
        for entry in (station.entries[key] for key in vanished)
    )
