"""Decisions and planned stops, made of the transitions of the rules."""

from __future__ import annotations

from functools import lru_cache

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds, WallMinutes
from zielzeit.boards import parse
from zielzeit.decision import repeated_hour
from zielzeit.decision.own_station import OwnStation
from zielzeit.decision.planned_stop import PlannedStop
from zielzeit.decision.silence_correction import estimate
from zielzeit.decision.state import Entry
from zielzeit.decision.transition import GONE, PLANNED, Transition
from zielzeit.events.structs import Decision

_datetime_of = lru_cache(maxsize=4096)(berlin_time.datetime_of)
"""Trains that one board decides share most of their instants."""
_WITHOUT_DELAY = ("cancelled", "withdrawn", "undecided")


def decision_id(key: str, row: parse.Row, planned_wall: WallMinutes, wing: str = "") -> str:
    """Return the id of a decision, the same on every machine: ``Frankfurt(Main)Hbf|ICE 624|2024-10-30T17:09``.

    If several parts of a train leave under one number, all but the first have their destination behind it.
    """
    planned = _wall_text(planned_wall)
    return "|".join([key, f"{parse.category(row.train)} {row.train_number}", planned, *filter(None, [wing])])


@lru_cache(maxsize=4096)
def _wall_text(wall: WallMinutes) -> str:
    return berlin_time.wall_datetime(wall).isoformat(timespec="minutes")


def _line(row: parse.Row) -> str:
    """Return the line, as history has it: what follows ``ICE`` is the train's number and not a line."""
    line = parse.line(row.train)
    return "" if line == row.train_number else line


def _destination(here: OwnStation, entry: Entry, ahead: tuple[str, ...], cancelled_ahead: tuple[str, ...]) -> str:
    """Return the destination; where the row names none, the last stop of its route that is not cancelled."""
    if entry.row.destination:
        return entry.row.destination
    return here.name if entry.ends else (ahead or cancelled_ahead or ("",))[-1]


def event(here: OwnStation, transition: Transition, grace_minutes: int) -> Decision | PlannedStop:
    """Return the decision or planned stop of a transition, known ``grace_minutes`` after its time."""
    entry = transition.entry
    row = entry.row
    behind, ahead, cancelled_ahead = here.split_route(row, entry.call)
    destination = _destination(here, entry, ahead, cancelled_ahead)
    decided_at = _datetime_of(Milliseconds(transition.at + grace_minutes * MINUTE))
    starts_here = row.scheduled_arrival is None or (bool(ahead) and not behind)
    if transition.kind == PLANNED:
        return PlannedStop(
            id=decision_id(here.key, row, entry.planned_wall, entry.wing),
            station=here.name,
            category=parse.category(row.train),
            number=row.train_number,
            destination=destination,
            scheduled=_datetime_of(entry.planned),
            decided_at=decided_at,
            starts_here=starts_here,
            ends_here=entry.ends,
            route_ahead=() if entry.ends else ahead,
            route_behind=behind,
        )
    likely = estimate(entry) if transition.rule == "silence" and transition.kind in GONE else None
    return Decision(
        id=decision_id(here.key, row, entry.planned_wall, entry.wing),
        kind=transition.kind,  # type: ignore[arg-type]
        station=here.name,
        train=row.train,
        category=parse.category(row.train),
        number=row.train_number,
        line=_line(row),
        destination=destination,
        scheduled=_datetime_of(entry.planned),
        delay=None if entry.cancelled or entry.uncertain or transition.kind in _WITHOUT_DELAY else entry.delay,
        cancelled=entry.cancelled,
        realtime=not row.missing_realtime,
        last_seen=_datetime_of(entry.last_seen),
        first_missing=_datetime_of(entry.first_missing) if entry.first_missing else None,
        decided_at=decided_at,
        rule=transition.rule,  # type: ignore[arg-type]
        platform=row.platform,
        starts_here=starts_here,
        ends_here=entry.ends,
        route_ahead=() if entry.ends else ahead,
        route_behind=behind,
        delay_estimate=likely.delay if likely else None,
        delay_error=likely.error if likely else None,
        revision=entry.revision,
        cancelled_ahead=cancelled_ahead,
        station_eva=here.eva_number(here.name),
        destination_eva=here.eva_number(destination),
        arrival_delay=repeated_hour.arrival_delay(entry),
    )
