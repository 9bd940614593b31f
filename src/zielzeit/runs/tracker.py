"""Runs followed from station to station: what a train's decisions say together. Pure, no Flink.

``follow`` takes the decisions of one train (category and number) in order of event time, ``expire`` lets time pass.
Boards carry no trip id: a decision belongs to the run whose planned times are at most four hours away, whose route it
shares, and which nothing contradicts: a train leaves each station of its way once, and in their order. Of several such
runs the one nearest in time is meant.

A run yields a ``Departure`` at each station it leaves, and for each of them, later, exactly one ``Ending``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE
from zielzeit.decision.planned_stop import PlannedStop
from zielzeit.events.structs import Decision
from zielzeit.features.network_state import FeatureInput
from zielzeit.runs.same_run import may_be_one_run

LABEL_WAIT: Final = 30 * MINUTE
"""How long an arrival may still be corrected before it becomes the label."""
GIVE_UP: Final = 6 * 60 * MINUTE
"""How long after its expected arrival a run that nobody saw arrive is given up."""
LONGEST_RIDE: Final = 16 * 60
"""Minutes from a departure to an arrival that no board has revealed, at most."""
_MOST_JOURNEYS: Final = 200

Status = Literal["arrived", "cancelled", "unlabelled"]


class Departure(msgspec.Struct, frozen=True, kw_only=True, tag="departure"):
    """A train left a station: everything that the prediction needs."""

    id: str
    train: str
    seen: FeatureInput


class CancelledStop(msgspec.Struct, frozen=True, kw_only=True, tag="cancelled-stop"):
    """A train did not call where it should have."""

    id: str
    station: str


class Ending(msgspec.Struct, frozen=True, kw_only=True, tag="ending"):
    """What became of departures that shared a destination. Each departure is in exactly one ending."""

    status: Status
    delay: int | None
    """Minutes at the destination, None unless it arrived."""
    last_hop_minutes: float
    """Planned minutes from the last of them to the destination; NaN where unknown."""
    first_planned: int
    """Of the run, as far as boards told: minutes since 1970 UTC."""
    departures: tuple[Departure, ...]


Message = Departure | CancelledStop | Ending


class End(msgspec.Struct, array_like=True):
    """What was decided at a station where the train ends."""

    planned: int
    """Arrival, minutes since 1970 UTC."""
    delay: int
    """Minutes."""
    cancelled: bool


class Run(msgspec.Struct, array_like=True):
    """One run. Planned times are minutes since 1970 UTC."""

    first_planned: int
    last_planned: int
    names: list[str]
    """Every stop that some board named."""
    planned: dict[str, int] = {}
    arrivals: dict[str, int] = {}
    """Where it ends. Apart from the others, for a ring line ends where it begins."""
    departures: list[Departure] = []
    """Those without an ending yet."""
    delays: dict[str, tuple[int, int]] = {}
    """Station → planned minute, delay as corrected last."""
    ends: dict[str, End] = {}
    due: int = 0
    """When the next ending falls due, milliseconds; 0 while nothing is pending."""
    forget_at: int = 0


class Train(msgspec.Struct, array_like=True):
    """All that is kept of one train: its runs of these days, and how long its journeys take."""

    runs: list[Run] = []
    journeys: dict[str, int] = {}
    """``station>destination`` → planned minutes, from earlier runs."""


def follow(train: Train, decision: Decision | PlannedStop) -> Iterator[Message]:
    """Take one decision or planned stop of the train, in order of ``decided_at``; ``late`` decisions are left out."""
    planned = berlin_time.milliseconds(decision.scheduled) // MINUTE
    now = berlin_time.milliseconds(decision.decided_at)
    run = _run_of(train, decision, planned)
    ends_here = decision.ends_here or (decision.station == decision.destination and not decision.starts_here)
    (run.arrivals if ends_here else run.planned)[decision.station] = planned
    if isinstance(decision, PlannedStop):
        pass  # all that it says is when the train is planned there
    elif decision.kind == "departed":
        departure = _departure(train, run, decision, planned)
        run.delays[decision.station] = (planned, decision.delay or 0)
        run.departures.append(departure)
        yield departure
    elif decision.kind == "cancelled" or (decision.kind == "corrected" and decision.cancelled):
        if ends_here:
            run.ends[decision.station] = End(planned, 0, cancelled=True)
        else:
            yield CancelledStop(id=decision.id, station=decision.station)
    elif decision.kind in ("terminated", "corrected") and ends_here:
        run.ends[decision.station] = End(planned, decision.delay or 0, cancelled=False)
    elif decision.kind == "corrected" and decision.station in run.delays:
        run.delays[decision.station] = (planned, decision.delay or 0)
    _set_due(train, run, now)


def expire(train: Train, now: int) -> Iterator[Message]:
    """Endings that fall due up to ``now`` (milliseconds since 1970 UTC); runs that are over are forgotten."""
    for run in train.runs:
        if run.due and run.due <= now:
            yield from _end(train, run)
            run.departures, run.due = [], 0
    train.runs = [run for run in train.runs if run.due or run.forget_at > now]


def next_due(train: Train) -> int | None:
    """The earliest instant at which ``expire`` has something to do, milliseconds; None where there is nothing."""
    return min((run.due or run.forget_at for run in train.runs), default=None)


def _run_of(train: Train, decision: Decision | PlannedStop, planned: int) -> Run:
    route = [*decision.route_behind, decision.station, *decision.route_ahead]
    if decision.destination not in route:
        route.append(decision.destination)
    names = set(route)
    fitting = [run for run in train.runs if not names.isdisjoint(run.names) and _fits(run, route, decision, planned)]
    if not fitting:
        train.runs.append(Run(planned, planned, sorted(names)))
        return train.runs[-1]
    run = min(fitting, key=lambda run: _distance(run, decision.station, planned))
    run.first_planned, run.last_planned = min(run.first_planned, planned), max(run.last_planned, planned)
    run.names.extend(names.difference(run.names))
    return run


def _fits(run: Run, route: list[str], decision: Decision | PlannedStop, planned: int) -> bool:
    """Whether what the run did so far leaves room for the decision: a relief train of its number may be behind it."""
    if not may_be_one_run(max(run.first_planned - planned, planned - run.last_planned)):
        return False
    passed = {station: at for station, (at, _) in run.delays.items()}
    passed |= {station: end.planned for station, end in run.ends.items() if not end.cancelled}
    here = len(decision.route_behind)
    for place, station in enumerate(route):
        if station not in passed:
            continue
        hops = place - here
        minutes = (passed[station] - planned) * (1 if hops > 0 else -1)
        # Neighbours may be planned for the same minute, more stops cannot.
        contradicts = minutes < abs(hops) - 1 or (hops == 0 and minutes != 0)
        if contradicts and route.count(station) == 1:  # a ring line comes twice where it begins
            return False
    return True


def _distance(run: Run, station: str, planned: int) -> int:
    """Minutes to the planned time nearest to it in the run; -1 where the run has this very stop already."""
    if planned in (run.planned.get(station), run.arrivals.get(station)):
        return -1
    return min(abs(planned - at) for at in (*run.planned.values(), *run.arrivals.values()))


def _departure(train: Train, run: Run, decision: Decision, planned: int) -> Departure:
    before = sorted((at, delay, station) for station, (at, delay) in run.delays.items() if at < planned)
    since, _, previous = before[-1] if before else (planned, 0, "")
    if decision.route_behind[-1:] != (previous,):  # stops between are not polled, or not decided yet
        previous = ""
    return Departure(
        id=decision.id,
        train=decision.train,
        seen=FeatureInput(
            category=decision.category,
            number=decision.number,
            line=decision.line,
            station=decision.station,
            destination=decision.destination,
            scheduled=decision.scheduled,
            decided_at=decision.decided_at,
            delay=decision.delay or 0,
            horizon=_journey(train, run, decision.station, decision.destination, planned),
            route_ahead=decision.route_ahead or (decision.destination,),
            earlier_delays=tuple(delay for _, delay, _ in before),
            previous_station=previous,
            previous_minutes=float(planned - since) if previous else math.nan,
        ),
    )


def _journey(train: Train, run: Run, station: str, destination: str, planned: int) -> float:
    """Planned minutes to the destination: from its own board, else as on the last day; NaN where neither knows."""
    arrival = _arrival(run, destination)
    if arrival is not None and arrival > planned:
        return float(arrival - planned)
    return float(train.journeys.get(f"{station}>{destination}", "nan"))


def _arrival(run: Run, destination: str) -> int | None:
    """When it is planned to arrive there, as far as boards told."""
    return run.arrivals.get(destination, run.planned.get(destination))


def _set_due(train: Train, run: Run, now: int) -> None:
    last_delay = max((delay for _, delay in run.delays.values()), default=0)
    run.forget_at = max(now, (run.last_planned + last_delay + LONGEST_RIDE) * MINUTE) + GIVE_UP
    if not run.departures:
        run.due = 0
    elif run.ends:
        run.due = now + LABEL_WAIT if run.due == 0 or run.due > now + LABEL_WAIT else run.due
    else:
        run.due = max(_expected_arrival(train, run, departure) for departure in run.departures) + GIVE_UP


def _expected_arrival(train: Train, run: Run, departure: Departure) -> int:
    seen = departure.seen
    planned = berlin_time.milliseconds(seen.scheduled) // MINUTE
    ride = _journey(train, run, seen.station, seen.destination, planned)
    return (planned + seen.delay + (LONGEST_RIDE if math.isnan(ride) else int(ride))) * MINUTE


def _end(train: Train, run: Run) -> Iterator[Ending]:
    by_destination: dict[str, list[Departure]] = {}
    for departure in run.departures:
        by_destination.setdefault(departure.seen.destination, []).append(departure)
    for destination, departures in by_destination.items():
        end = run.ends.get(destination)
        status: Status = "unlabelled"
        if end is not None:
            status = "cancelled" if end.cancelled else "arrived"
        elif any(not other.cancelled for other in run.ends.values()):
            status = "cancelled"  # it ended somewhere else
        departures.sort(key=lambda departure: departure.seen.scheduled)
        arrival = _arrival(run, destination)
        for departure in departures:
            if arrival is not None and status == "arrived":
                _learn_journey(train, departure.seen, arrival)
        last = berlin_time.milliseconds(departures[-1].seen.scheduled) // MINUTE
        yield Ending(
            status=status,
            delay=end.delay if end is not None and status == "arrived" else None,
            last_hop_minutes=float(arrival - last) if arrival is not None and arrival > last else float("nan"),
            first_planned=run.first_planned,
            departures=tuple(departures),
        )


def _learn_journey(train: Train, seen: FeatureInput, arrival: int) -> None:
    minutes = arrival - berlin_time.milliseconds(seen.scheduled) // MINUTE
    key = f"{seen.station}>{seen.destination}"
    if minutes > 0 and (key in train.journeys or len(train.journeys) < _MOST_JOURNEYS):
        train.journeys[key] = minutes
