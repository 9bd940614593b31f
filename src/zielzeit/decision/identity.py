"""The rows of a board as entries: identity, dates, and whether a row's departure or its arrival counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from zielzeit import berlin_time
from zielzeit.berlin_time import Milliseconds
from zielzeit.boards import parse as boards
from zielzeit.decision import repeated_hour
from zielzeit.decision.change import Change
from zielzeit.decision.own_station import OwnStation
from zielzeit.decision.state import Entry, StationState
from zielzeit.decision.wings import tell_apart

LONGEST_LOOP: Final = 4 * 60
"""Longest time between two calls of one run at one station, minutes."""


class Reading(NamedTuple):
    """The trains that a board shows."""

    reports: dict[str, Entry]
    """A new entry for each train, by identity: category, number and planned wall time."""
    wings: dict[str, dict[str, str]]
    """``StationState.wings`` as it is after this board."""


def read(here: OwnStation, station: StationState, board: boards.ParsedBoard, polled_at: Milliseconds) -> Reading:
    """Return the trains that a board shows.

    The identity has the wall time and not the instant, because the wall time is known before the two passes of a
    repeated hour are told apart. ``zielzeit.decision.wings`` says what becomes of several rows of one identity.
    """
    clock = berlin_time.BoardClock(polled_at)
    reports, doubled = entries(here, station, board.rows, clock, polled_at)
    wings = station.wings
    for key in wings:  # mostly none
        if key in reports and key not in doubled:
            doubled[key] = [reports[key].row]
    if doubled:
        reports, wings = _one_per_part(here, station, reports, doubled, clock, polled_at)
    if clock.has_repeated_hour:
        repeated_hour.read(reports.values())
    return Reading(reports, wings)


def entries(
    here: OwnStation,
    station: StationState,
    rows: Iterable[boards.Row],
    clock: berlin_time.BoardClock,
    polled_at: Milliseconds,
) -> tuple[dict[str, Entry], dict[str, list[boards.Row]]]:
    """Return an entry for the first row of each identity, and all rows of the identities that have several.

    ``read`` has the rules for these, and for the hour that autumn repeats.
    """
    reports: dict[str, Entry] = {}
    doubled: dict[str, list[boards.Row]] = {}
    for row in rows:
        departure = row.scheduled_departure
        wall = clock.wall(departure or row.scheduled_arrival or "")
        key = f"{row.train.partition(' ')[0]} {row.train_number}@{wall}"
        if key in reports:
            doubled.setdefault(key, [reports[key].row]).append(row)
            continue
        if departure is not None and not _ends_short(here, row, station, key):
            planned, delay, ends = wall, row.delay_departure, False
        else:
            planned, delay, ends = clock.wall(row.scheduled_arrival or ""), row.delay_arrival, True
        known = row if delay is not None else msgspec.structs.replace(row, missing_realtime=True)
        reports[key] = Entry(known, wall, clock.instant(planned), delay or 0, ends, polled_at, polled_at)
    return reports, doubled


def _one_per_part(
    here: OwnStation,
    station: StationState,
    reports: dict[str, Entry],
    doubled: dict[str, list[boards.Row]],
    clock: berlin_time.BoardClock,
    polled_at: Milliseconds,
) -> Reading:
    """Return the entries of a board, in its order, with one for each part of the trains that have several rows."""
    apart: dict[str, Entry] = {}
    wings = dict(station.wings)
    for key, entry in reports.items():
        if key not in doubled:
            apart[key] = entry
            continue
        before = station.entries.get(key)
        known = wings.get(key) or ({} if before is None else {before.row.destination: ""})
        parts = tell_apart(doubled[key], known, here.station_of)
        for part in parts:
            (report,) = entries(here, station, [part.row], clock, polled_at)[0].values()
            report.wing = part.wing
            apart[part_key(key, part.wing)] = report
        if len(parts) > 1 or key in wings:
            wings[key] = known | {part.row.destination: part.wing for part in parts}
    return Reading(apart, wings)


def part_key(key: str, wing: str) -> str:
    """Return the identity of a part of a train: the train's own for the first part."""
    train, at, wall = key.rpartition("@")
    return f"{train}/{wing}{at}{wall}" if wing else key


def earlier_calls(key: str, keys: Iterable[str]) -> int:
    """Return how often a train calls before, by the identities of rows: a run may call twice at one station."""
    train, wall = _parted(key)
    return sum(1 for other, at in map(_parted, keys) if other == train and 0 < wall - at <= LONGEST_LOOP)


def complete(station: StationState, change: Change) -> set[str]:
    """Drop the entries whose rows had only an arrival and have their departure now; return their new identities.

    They have not vanished: they are removed from ``change.vanished``, too.

    DBF loads the timetable by the hour: a train that arrives before the full hour and departs after it is a row
    without departure until the hour of its departure is loaded. Its number is the arriving train's until then, so
    that a train that changes its number here has another one afterwards. Such a train is recognised by its planned
    arrival and the stops that lie behind it. Only identities of trains that two boards confirmed are returned.
    """
    if not change.new or not change.vanished:  # as on most boards
        return set()
    known = set()
    for key in list(change.vanished):
        entry = station.entries[key]
        if entry.row.scheduled_departure is None and not entry.kind:
            completed = next((new for new in sorted(change.new) if _is_completed(entry, change.reports[new])), None)
            if completed is not None:
                del station.entries[key]
                change.vanished.remove(key)
                if entry.confirmed:
                    known.add(completed)
    return known


def _is_completed(old: Entry, new: Entry) -> bool:
    if new.row.scheduled_departure is None or new.row.scheduled_arrival != old.row.scheduled_arrival:
        return False
    behind = [stop.name for stop in boards.route(old.row.route)][:-1]
    if not behind:
        return old.row.train_number == new.row.train_number
    return [stop.name for stop in boards.route(new.row.route)][: len(behind)] == behind


def replaced_by(station: StationState, change: Change, key: str) -> str | None:
    """Return the open train whose place on the board a new train takes, if there is one: it is the same train."""
    for old_key in change.vanished:
        old = station.entries[old_key]
        if not old.kind and _is_same_train(old_key, old, key, change.reports[key]):
            return old_key
    return None


def _is_same_train(old_key: str, old: Entry, new_key: str, new: Entry) -> bool:
    """Return True if a row got another number, or a departure that it had not: both change its identity."""
    before, after = old.row, new.row
    if (before.scheduled_arrival, before.scheduled_departure) == (after.scheduled_arrival, after.scheduled_departure):
        return old.planned_wall == new.planned_wall and before.destination == after.destination
    same_number = old_key.partition("@")[0] == new_key.partition("@")[0]
    return same_number and before.scheduled_arrival == after.scheduled_arrival is not None


def _parted(key: str) -> tuple[str, int]:
    train, _, wall = key.rpartition("@")
    return train, int(wall)


def _ends_short(here: OwnStation, row: boards.Row, station: StationState, key: str) -> bool:
    """Return True if the run ends here against its timetable: every later stop is cancelled, and this one is not.

    Only a route that mentions a cancellation is decoded: nearly none does, and routes are most of a board.
    """
    if row.scheduled_arrival is None or row.is_cancelled or b"isCancelled" not in bytes(row.route):
        return False
    known = station.entries.get(key)
    behind, ahead, _ = here.split_route(row, earlier_calls(key, station.entries) if known is None else known.call)
    return bool(behind) and not ahead
