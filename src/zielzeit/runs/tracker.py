"""Runs followed from station to station: which run a decision belongs to, and what follows from it. Pure, no Flink.

``follow`` takes the decisions of one train (category and number) in order of event time, ``expire`` lets time pass;
``zielzeit.runs.run_process`` calls both in that order.

Boards carry no trip id. A decision belongs to the run whose planned times are at most four hours away, whose route it
shares, and which nothing contradicts: a train leaves each station of its route once, and in the order of the route. Of
several such runs it belongs to the nearest in time.

A run yields a ``Departure`` at each station that it leaves, and for each departure, later, exactly one ``Ending``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds, UtcMinutes
from zielzeit.decision.planned_stop import PlannedStop
from zielzeit.events.structs import Decision
from zielzeit.features.network_state import FeatureInput
from zielzeit.runs.messages import CancelledStop, Departure, Ending, Message, Status
from zielzeit.runs.same_run import may_be_one_run
from zielzeit.runs.train_state import NOT_DUE, Run, RunEnd, TrainState

LABEL_WAIT: Final = 30 * MINUTE
"""Milliseconds for which an arrival may still be corrected before it becomes the label."""
GIVE_UP: Final = 6 * 60 * MINUTE
"""Milliseconds after its expected arrival at which a run that nobody saw arrive is given up."""
LONGEST_RIDE: Final = 16 * 60
"""Longest time from a departure to an arrival that no board has shown, minutes."""
_MOST_JOURNEYS: Final = 200


def follow(train: TrainState, decision: Decision | PlannedStop) -> Iterator[Message]:
    """Take one decision or planned stop of the train, in order of ``decided_at``; ``late`` decisions are left out."""
    planned = _minute(decision.scheduled)
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
            run.ends[decision.station] = RunEnd(planned, 0, cancelled=True)
        else:
            yield CancelledStop(id=decision.id, station=decision.station)
    elif decision.kind in ("terminated", "corrected") and ends_here:
        run.ends[decision.station] = RunEnd(planned, decision.delay or 0, cancelled=False)
    elif decision.kind == "corrected" and decision.station in run.delays:
        run.delays[decision.station] = (planned, decision.delay or 0)
    _set_due(train, run, now)


def expire(train: TrainState, now: Milliseconds) -> Iterator[Message]:
    """Yield the endings that fall due up to ``now``, and forget the runs that are over."""
    for run in train.runs:
        if run.due and run.due <= now:
            yield from _end(train, run)
            run.departures, run.due = [], NOT_DUE
    train.runs = [run for run in train.runs if run.due or run.forget_at > now]


def next_due(train: TrainState) -> Milliseconds | None:
    """Return the earliest instant at which ``expire`` has something to do; None if there is nothing."""
    return min((run.due or run.forget_at for run in train.runs), default=None)


def _run_of(train: TrainState, decision: Decision | PlannedStop, planned: UtcMinutes) -> Run:
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


def _fits(run: Run, route: list[str], decision: Decision | PlannedStop, planned: UtcMinutes) -> bool:
    """Return True if the decision can belong to the run: a relief train of the same number may be behind it."""
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
        # Two neighbouring stops may be planned for the same minute, more than two cannot.
        contradicts = minutes < abs(hops) - 1 or (hops == 0 and minutes != 0)
        if contradicts and route.count(station) == 1:  # a ring line calls twice where it begins
            return False
    return True


def _distance(run: Run, station: str, planned: UtcMinutes) -> int:
    """Return the minutes to the nearest planned time of the run; -1 if the run has this very stop already."""
    if planned in (run.planned.get(station), run.arrivals.get(station)):
        return -1
    return min(abs(planned - at) for at in (*run.planned.values(), *run.arrivals.values()))


def _departure(train: TrainState, run: Run, decision: Decision, planned: UtcMinutes) -> Departure:
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


def _journey(train: TrainState, run: Run, station: str, destination: str, planned: UtcMinutes) -> float:
    """Return the planned minutes to the destination, from its board or else from an earlier run; NaN if unknown."""
    arrival = _arrival(run, destination)
    if arrival is not None and arrival > planned:
        return float(arrival - planned)
    return float(train.journeys.get(f"{station}>{destination}", "nan"))


def _arrival(run: Run, destination: str) -> UtcMinutes | None:
    """Return the planned arrival at the destination, if a board has shown it."""
    return run.arrivals.get(destination, run.planned.get(destination))


def _set_due(train: TrainState, run: Run, now: Milliseconds) -> None:
    last_delay = max((delay for _, delay in run.delays.values()), default=0)
    run.forget_at = Milliseconds(max(now, (run.last_planned + last_delay + LONGEST_RIDE) * MINUTE) + GIVE_UP)
    if not run.departures:
        run.due = NOT_DUE
    elif run.ends:
        label_at = Milliseconds(now + LABEL_WAIT)
        run.due = label_at if run.due == NOT_DUE else min(run.due, label_at)
    else:
        expected = max(_expected_arrival(train, run, departure) for departure in run.departures)
        run.due = Milliseconds(expected + GIVE_UP)


def _expected_arrival(train: TrainState, run: Run, departure: Departure) -> Milliseconds:
    seen = departure.seen
    planned = _minute(seen.scheduled)
    ride = _journey(train, run, seen.station, seen.destination, planned)
    return Milliseconds((planned + seen.delay + (LONGEST_RIDE if math.isnan(ride) else int(ride))) * MINUTE)


def _end(train: TrainState, run: Run) -> Iterator[Ending]:
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
        last = _minute(departures[-1].seen.scheduled)
        yield Ending(
            status=status,
            delay=end.delay if end is not None and status == "arrived" else None,
            last_hop_minutes=float(arrival - last) if arrival is not None and arrival > last else float("nan"),
            first_planned=run.first_planned,
            departures=tuple(departures),
        )


def _learn_journey(train: TrainState, seen: FeatureInput, arrival: UtcMinutes) -> None:
    minutes = arrival - _minute(seen.scheduled)
    key = f"{seen.station}>{seen.destination}"
    if minutes > 0 and (key in train.journeys or len(train.journeys) < _MOST_JOURNEYS):
        train.journeys[key] = minutes


def _minute(scheduled: datetime) -> UtcMinutes:
    return berlin_time.utc_minutes(berlin_time.milliseconds(scheduled))
