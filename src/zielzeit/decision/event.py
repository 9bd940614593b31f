"""From a verdict inside the decision to the event that leaves it."""

from __future__ import annotations

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE
from zielzeit.boards import parse
from zielzeit.decision.planned_stop import PlannedStop
from zielzeit.decision.rules import GONE, Verdict
from zielzeit.decision.silence_correction import estimate
from zielzeit.events.structs import Decision

_WITHOUT_DELAY = ("cancelled", "withdrawn", "undecided")


def decision_id(station: str, row: parse.Row, planned_wall: int) -> str:
    """The same for every board, restart and machine: ``Frankfurt(Main)Hbf|ICE 624|2024-10-30T17:09``."""
    planned = berlin_time.wall_datetime(planned_wall).isoformat(timespec="minutes")
    return f"{station}|{parse.category(row.train)} {row.train_number}|{planned}"


def _line(row: parse.Row) -> str:
    """As history has it: what stands behind ``ICE`` is the train's number, and no line."""
    line = parse.line(row.train)
    return "" if line == row.train_number else line


def event(station: str, verdict: Verdict, grace_minutes: int) -> Decision | PlannedStop:
    """The event of a verdict; it is known once ``grace_minutes`` have passed over the folded time it was made at."""
    entry = verdict.entry
    row = entry.row
    behind, ahead = parse.split_route(row, station)
    decided_at = berlin_time.instant_datetime(verdict.at / MINUTE + grace_minutes)
    starts_here = row.scheduled_arrival is None or (bool(ahead) and not behind)
    if verdict.kind == "planned":
        return PlannedStop(
            id=decision_id(station, row, entry.planned_wall),
            station=station,
            category=parse.category(row.train),
            number=row.train_number,
            destination=row.destination,
            scheduled=berlin_time.instant_datetime(entry.planned // MINUTE),
            decided_at=decided_at,
            starts_here=starts_here,
            ends_here=entry.ends,
            route_ahead=() if entry.ends else ahead,
            route_behind=behind,
        )
    likely = estimate(entry) if verdict.rule == "silence" and verdict.kind in GONE else None
    return Decision(
        id=decision_id(station, row, entry.planned_wall),
        kind=verdict.kind,  # type: ignore[arg-type]
        station=station,
        train=row.train,
        category=parse.category(row.train),
        number=row.train_number,
        line=_line(row),
        destination=row.destination,
        scheduled=berlin_time.instant_datetime(entry.planned // MINUTE),
        delay=None if entry.cancelled or verdict.kind in _WITHOUT_DELAY else entry.delay,
        cancelled=entry.cancelled,
        realtime=not row.missing_realtime,
        last_seen=berlin_time.instant_datetime(entry.last_seen / MINUTE),
        first_missing=berlin_time.instant_datetime(entry.first_missing / MINUTE) if entry.first_missing else None,
        decided_at=decided_at,
        rule=verdict.rule,  # type: ignore[arg-type]
        platform=row.platform,
        starts_here=starts_here,
        ends_here=entry.ends,
        route_ahead=() if entry.ends else ahead,
        route_behind=behind,
        delay_estimate=likely.delay if likely else None,
        delay_error=likely.error if likely else None,
        revision=entry.revision,
    )
