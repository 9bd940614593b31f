"""From a verdict inside the decision to the event that leaves it."""

from __future__ import annotations

from udfs import board, clock
from udfs.decision import GONE, MINUTE, Entry, Verdict
from udfs.events import Decision


def decision_id(station: str, row: board.Row, planned_wall: int) -> str:
    """The same for every board, restart and machine: ``Frankfurt(Main)Hbf|ICE 624|2024-10-30T17:09``."""
    planned = clock.wall_datetime(planned_wall).isoformat(timespec="minutes")
    return f"{station}|{board.category(row.train)} {row.train_number}|{planned}"


def event(station: str, verdict: Verdict, grace_minutes: int) -> Decision:
    """The event of a verdict; it is known once ``grace_minutes`` have passed over the folded time it was made at."""
    entry = verdict.entry
    row = entry.row
    behind, ahead = split_route(row, station)
    ends_here = row.scheduled_departure is None or (row.scheduled_arrival is not None and not ahead and bool(behind))
    kind = "terminated" if verdict.kind == "departed" and ends_here else verdict.kind
    return Decision(
        id=decision_id(station, row, entry.planned_wall),
        kind=kind,  # type: ignore[arg-type]
        station=station,
        train=row.train,
        category=board.category(row.train),
        number=row.train_number,
        line=board.line(row.train),
        destination=row.destination,
        scheduled=clock.instant_datetime(entry.planned // MINUTE),
        delay=_delay(entry, kind, ends_here=ends_here),
        cancelled=bool(row.is_cancelled),
        realtime=not row.missing_realtime,
        last_seen=clock.instant_datetime(entry.last_seen / MINUTE),
        first_missing=clock.instant_datetime(entry.first_missing / MINUTE) if entry.first_missing else None,
        decided_at=clock.instant_datetime(verdict.at / MINUTE + grace_minutes),
        rule=verdict.rule,  # type: ignore[arg-type]
        platform=row.platform,
        starts_here=row.scheduled_arrival is None,
        ends_here=ends_here,
        route_ahead=() if ends_here else ahead,
        route_behind=behind,
        revision=entry.revision,
    )


def split_route(row: board.Row, station: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Stops before and after this station, in order, without cancelled ones.

    A ring line names its station twice: a run that starts here is at the first place, one that ends here at the last.
    Both are empty where the route does not name the station.
    """
    stops = board.route(row.route)
    places = [index for index, stop in enumerate(stops) if stop.name == station]
    if row.scheduled_arrival is None:
        place = 0
    elif row.scheduled_departure is None:
        place = len(stops) - 1
    elif places:
        place = places[0]
    else:
        return (), ()
    return (
        tuple(stop.name for stop in stops[:place] if not stop.is_cancelled),
        tuple(stop.name for stop in stops[place + 1 :] if not stop.is_cancelled),
    )


def _delay(entry: Entry, kind: str, *, ends_here: bool) -> int | None:
    if entry.row.is_cancelled or kind in ("cancelled", "withdrawn", "undecided"):
        return None
    if ends_here and kind in (*GONE, "corrected", "late"):
        return entry.row.delay_arrival or 0
    return entry.delay
