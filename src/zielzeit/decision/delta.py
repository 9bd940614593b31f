"""The fold at the cost of what changed: a board beside the sight of the one before.

The rules are those of ``zielzeit.decision.rules``; here is decided which boards can do without most of their rows. Any
board on which more than single trains change, or on which a rule looks at rows that stay the same, takes the full way.
A row that is the same to the byte changes nothing but its train's ``last_seen``, until its time has come
(``report.wakes_at``).
"""

from __future__ import annotations

from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision import identity, lost_realtime, old_board, plausibility
from zielzeit.decision.change import Change, vanished
from zielzeit.decision.report import BelievedBoard, wakes_at
from zielzeit.decision.rules import FoldedBoard, Rules, fold_trains
from zielzeit.decision.sight import ComparedBody, SeenRow, Sight, oldest_time
from zielzeit.decision.state import Memory, StationState
from zielzeit.metrics.job import OLD_BOARD


def fold(
    sight: Sight,
    station: StationState,
    memory: Memory,
    compared: ComparedBody,
    polled_at: Milliseconds,
    *,
    rules: Rules,
    checksum: int,
) -> FoldedBoard | None:
    """Take a board that was compared with the one before, as ``rules.fold`` would; None if that has to take it.

    Time must have passed up to just before ``polled_at`` (``rules.advance``). Nothing else is changed if the board is
    left to ``rules.fold``.
    """
    if polled_at - station.last_board > rules.max_silence * MINUTE:
        return None
    change = _change(sight, station, compared, polled_at)
    if change is None:
        return None
    rows = _rows(compared, change)
    unexpected = plausibility.unexpected_trains(station, change)
    if (
        sum(plausibility.trains_to_come(station, change, unexpected, polled_at)) >= plausibility.ENOUGH
        or any(lost_realtime.candidates(station, change, polled_at))
        or _feed_may_be_dead(rows, compared.gone)
    ):
        return None
    station.frontier = polled_at
    first_rows = [row.entry for row in rows[: old_board.FIRST_ROWS]]
    old = old_board.doubt(station, first_rows, change.vanished, polled_at, checksum, rules.max_silence * MINUTE)
    if old:
        return FoldedBoard([], old, cause=OLD_BOARD)
    # From here on the board counts.
    station.rejected = []
    for row in rows:
        row.entry.last_seen = polled_at
        row.entry.confirmed = True
    same_station = len(sight.rows) - len(change.vanished) >= plausibility.ENOUGH
    settle = rules.settle * MINUTE
    board = BelievedBoard(sight.here, station, memory, change, unexpected, same_station, polled_at, settle)
    awake = [row for row in rows if row.wakes_at <= polled_at]
    transitions = list(fold_trains(board, [(row.key, row.entry) for row in awake], rules))
    for row in awake:
        row.entry = station.entries[row.key]
        row.wakes_at = wakes_at(row.entry, settle)
    _remember(sight, compared, rows, change)
    return FoldedBoard(transitions)


def _change(sight: Sight, station: StationState, compared: ComparedBody, polled_at: Milliseconds) -> Change | None:
    """Return the trains that came, changed and vanished; None if several rows may be of one train."""
    came = [one.row for one in compared.came]
    reports, doubled = identity.entries(sight.here, station, came, compared.clock, polled_at)
    gone = {row.key for row in compared.gone}
    if doubled or any(key in station.wings for key in reports):
        return None
    new = []
    for key in reports:
        if key in gone:
            continue
        entry = station.entries.get(key)
        if entry is None:
            new.append(key)
        elif entry.last_seen == station.last_board:  # a row that stays is of this train, too
            return None
    return Change(reports, new, vanished(station, gone - reports.keys()))


def _rows(compared: ComparedBody, change: Change) -> list[SeenRow]:
    """Return all rows of the board. Those that came have their report as entry for now, and are awake."""
    rows = compared.rows
    for came, (key, report) in zip(compared.came, change.reports.items(), strict=True):
        rows[came.place] = SeenRow(came.text, key, report, Milliseconds(0))
    return rows  # type: ignore[return-value]  # none is left empty


def _feed_may_be_dead(rows: list[SeenRow], gone: list[SeenRow]) -> bool:
    """Return True if no row shows a delay or a cancellation, and one that changed or is gone did."""
    if any(row.entry.delay or row.entry.row.is_cancelled for row in rows):
        return False
    return any(row.entry.delay or row.entry.cancelled for row in gone)


def _remember(sight: Sight, compared: ComparedBody, rows: list[SeenRow], change: Change) -> None:
    """Make the board the one that the next is compared with."""
    if any(report.call for report in change.reports.values()):
        sight.forget()  # a run that calls twice: which call a row is may be read otherwise once both are known
        return
    if compared.came or compared.gone:
        sight.rows, sight.texts = rows, [row.text for row in rows]
        offset = sight.clock.offset or 0
        sight.oldest = min([sight.oldest, *(oldest_time(report, offset) for report in change.reports.values())])
    sight.clock = compared.clock
