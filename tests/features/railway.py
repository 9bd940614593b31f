"""Hand-made decisions about one train, A → B → C → D, for the tests of what comes after the decision."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from zielzeit.berlin_time import BERLIN
from zielzeit.decision.planned_stop import PlannedStop
from zielzeit.events.structs import Decision, Kind

ROUTE = ("A", "B", "C", "D")
START = datetime(2026, 3, 10, 8, 0, tzinfo=BERLIN)


def decision(
    station: str,
    minute: int,
    *,
    delay: int | None = 0,
    kind: Kind = "departed",
    route: tuple[str, ...] = ROUTE,
    start: datetime = START,
    known_after: int = 13,
    **changes: object,
) -> Decision:
    """A decision for a stop planned ``minute`` minutes after ``start``, known ``known_after`` minutes later."""
    place = route.index(station)
    scheduled = start + timedelta(minutes=minute)
    made = Decision(
        id=f"{station}|RE 4711|{scheduled:%Y-%m-%dT%H:%M}",
        kind=kind,
        station=station,
        train="RE 7",
        category="RE",
        number="4711",
        line="7",
        destination=route[-1],
        scheduled=scheduled,
        delay=delay,
        cancelled=kind == "cancelled",
        realtime=True,
        last_seen=scheduled,
        first_missing=None,
        decided_at=scheduled + timedelta(minutes=(delay or 0) + known_after),
        rule="settled",
        platform="1",
        starts_here=place == 0,
        ends_here=place == len(route) - 1,
        route_ahead=route[place + 1 :],
        route_behind=route[:place],
    )
    return msgspec.structs.replace(made, **changes)


def planned(station: str, minute: int, **changes: object) -> PlannedStop:
    """The planned stop that a decision of the same arguments follows."""
    decided = msgspec.structs.asdict(decision(station, minute))
    stop = PlannedStop(**{name: decided[name] for name in PlannedStop.__struct_fields__})
    return msgspec.structs.replace(stop, **changes)
