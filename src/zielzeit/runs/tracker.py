"""Runs followed from station to station: which run a decision belongs to, and what follows from it. Pure, no Flink.

``follow`` takes the decisions of one train (category and number) in order of event time, ``expire`` lets time pass;
``zielzeit.runs.run_process`` calls both in that order.

Boards carry no trip id. A decision belongs to the run whose planned times are at most four hours away, whose route it
shares, and which nothing contradicts: a train leaves each station of its route once, and in the order of the route. Of
several such runs it belongs to the nearest in time.

A run yields a ``Departure`` at each station that it leaves, and for each departure, later, exactly one ``Ending``. What
it says was said by a board: the absence of a report proves nothing.

Stations are compared by ``GroupKey``, never by their names, which are spelled in many ways.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds, UtcMinutes
from zielzeit.decision.planned_stop import PlannedStop
from zielzeit.events.structs import Decision, Status, Unlabelled
from zielzeit.features.network_state import FeatureInput
from zielzeit.runs.group_keys import GroupKey
from zielzeit.runs.messages import CancelledStop, Departure, Ending, Message
from zielzeit.runs.same_run import may_be_one_run
from zielzeit.runs.train_state import NOT_DUE, Run, RunEnd, TrainState

LABEL_WAIT: Final = 30 * MINUTE
"""Milliseconds for which an arrival may still be corrected before it becomes the label."""
GIVE_UP: Final = 6 * 60 * MINUTE
"""Milliseconds after its expected arrival at which a run that nobody saw arrive is given up."""
LONGEST_RIDE: Final = 16 * 60
"""Longest time from a departure to an arrival that no board has shown, minutes."""
_MOST_JOURNEYS: Final = 200


class _Stop(NamedTuple):
    """Where a decision was made, and its run's route, as keys."""

    station: str
    destination: str
    behind: tuple[str, ...]
    ahead: tuple[str, ...]
    planned: UtcMinutes

    @property
    def route(self) -> list[str]:
        route = [*self.behind, self.station, *self.ahead]
        return route if self.destination in route else [*route, self.destination]


def follow(train: TrainState, decision: Decision | PlannedStop, key: GroupKey) -> Iterator[Message]:
    """Take one decision or planned stop of the train, in order of ``decided_at``; ``late`` decisions are left out."""
    now = berlin_time.milliseconds(decision.decided_at)
    stop = _Stop(
        station=key(decision.station),
        destination=key(decision.destination),
        behind=tuple(map(key, decision.route_behind)),
        ahead=tuple(map(key, decision.route_ahead)),
        planned=_minute(decision.scheduled),
    )
    here, planned = stop.station, stop.planned
    run = _run_of(train, stop)
    ends_here = decision.ends_here or (here == stop.destination and not decision.starts_here)
    (run.arrivals if ends_here else run.planned)[here] = planned
    if isinstance(decision, Decision):  # all that a planned stop says is when the train is planned there
        cancelled = decision.kind == "cancelled" or (decision.kind == "corrected" and decision.cancelled)
        _learn_cancelled(run, decision, stop, cancelled, key)
        if cancelled:
            run.passed.pop(here, None)
            if ends_here:
                run.ends[here] = RunEnd(planned, 0, cancelled=True)
            elif _is_first_to_cancel(run, decision, here):
                yield CancelledStop(id=decision.id, station=decision.station)
        elif ends_here and decision.kind in ("terminated", "corrected"):
            run.ends[here] = RunEnd(planned, decision.delay or 0, cancelled=False)
        elif decision.kind == "departed" or (decision.kind == "corrected" and here in run.delays):
            if decision.kind == "departed" and not _is_told_by_a_part(run, decision, stop, key):
                departure = _departure(train, run, decision, stop, key)
                run.departures.append(departure)
                yield departure
            run.delays[here] = (planned, decision.delay or 0)
            if decision.arrival_delay is not None and here != stop.destination and here not in stop.ahead:
                run.passed[here] = decision.arrival_delay
    _set_due(train, run, now, key)


def expire(train: TrainState, now: Milliseconds, key: GroupKey) -> Iterator[Message]:
    """Yield the endings that fall due up to ``now``, and forget the runs that are over."""
    for run in train.runs:
        if run.due and run.due <= now:
            yield from _end(train, run, now, key)
            run.due = _give_up_at(train, run, run.departures, key) if run.departures else NOT_DUE
    train.runs = [run for run in train.runs if run.due or run.forget_at > now]


def next_due(train: TrainState) -> Milliseconds | None:
    """Return the earliest instant at which ``expire`` has something to do; None if there is nothing."""
    return min((run.due or run.forget_at for run in train.runs), default=None)


def resolve_names(train: TrainState, key: GroupKey) -> None:
    """Replace the names that an older version of the job stored by keys, once."""
    if not train.has_names:
        return
    train.has_names = False
    for run in train.runs:
        run.stops = list(dict.fromkeys(map(key, run.stops)))
        run.planned = {key(name): at for name, at in run.planned.items()}
        run.arrivals = {key(name): at for name, at in run.arrivals.items()}
        run.delays = {key(name): value for name, value in run.delays.items()}
        run.ends = {key(name): end for name, end in run.ends.items()}
    train.journeys = {">".join(map(key, names.split(">"))): minutes for names, minutes in train.journeys.items()}


def _is_told_by_a_part(run: Run, decision: Decision, stop: _Stop, key: GroupKey) -> bool:
    """Return True if another board of the same station told this departure.

    Boards of a station and of its parts show each other's trains: who polls both gets two decisions, for the same row
    but for the station's key at the head of the id. The train left once: the decision that comes first counts.
    """
    row = _row_of(decision)
    return any(
        one.id != decision.id
        and one.id.partition("|")[2] == row
        and (key(one.seen.station), key(one.seen.destination)) == (stop.station, stop.destination)
        for one in run.departures
    )


def _is_first_to_cancel(run: Run, decision: Decision, here: str) -> bool:
    """Return True unless another board of the same station said before that the train does not call."""
    row = f"{here}|{_row_of(decision)}"
    board = decision.id.partition("|")[0]
    return run.cancelled_by.setdefault(row, board) == board


def _row_of(decision: Decision) -> str:
    """Return what an id says of the row: it is the same on the boards of a station and of its parts."""
    return decision.id.partition("|")[2]


def _learn_cancelled(run: Run, decision: Decision, stop: _Stop, cancelled: bool, key: GroupKey) -> None:
    """Note which stops are cancelled now: those that this decision names as served are not any more."""
    served = {*stop.ahead} if cancelled else {*stop.ahead, stop.station}
    missed = {*map(key, decision.cancelled_ahead), *([stop.station] if cancelled else [])}
    run.cancelled = sorted((missed | set(run.cancelled)) - served)


def _run_of(train: TrainState, stop: _Stop) -> Run:
    route, planned = stop.route, stop.planned
    stops = set(route)
    fitting = [run for run in train.runs if not stops.isdisjoint(run.stops) and _fits(run, route, stop)]
    if not fitting:
        train.runs.append(Run(planned, planned, sorted(stops)))
        return train.runs[-1]
    run = min(fitting, key=lambda run: _distance(run, stop.station, planned))
    run.first_planned, run.last_planned = min(run.first_planned, planned), max(run.last_planned, planned)
    run.stops.extend(sorted(stops.difference(run.stops)))
    return run


def _fits(run: Run, route: list[str], stop: _Stop) -> bool:
    """Return True if the stop can belong to the run: a relief train of the same number may be behind it."""
    planned = stop.planned
    if not may_be_one_run(max(run.first_planned - planned, planned - run.last_planned)):
        return False
    passed = {station: at for station, (at, _) in run.delays.items()}
    passed |= {station: end.planned for station, end in run.ends.items() if not end.cancelled}
    here = len(stop.behind)
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


def _departure(train: TrainState, run: Run, decision: Decision, stop: _Stop, key: GroupKey) -> Departure:
    planned = stop.planned
    before = sorted((at, delay, station) for station, (at, delay) in run.delays.items() if at < planned)
    since, _, last = before[-1] if before else (planned, 0, "")
    # Otherwise stops between are not polled, or not decided yet.
    previous = decision.route_behind[-1] if stop.behind[-1:] == (last,) else ""
    return Departure(
        id=decision.id,
        train=decision.train,
        station_eva=decision.station_eva,
        destination_eva=decision.destination_eva,
        seen=FeatureInput(
            category=decision.category,
            number=decision.number,
            line=decision.line,
            station=decision.station,
            destination=decision.destination,
            scheduled=decision.scheduled,
            decided_at=decision.decided_at,
            delay=decision.delay or 0,
            horizon=_journey(train, run, stop.station, stop.destination, planned),
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


def _set_due(train: TrainState, run: Run, now: Milliseconds, key: GroupKey) -> None:
    last_delay = max((delay for _, delay in run.delays.values()), default=0)
    run.forget_at = Milliseconds(max(now, (run.last_planned + last_delay + LONGEST_RIDE) * MINUTE) + GIVE_UP)
    if not run.departures:
        run.due = NOT_DUE
    elif run.ends:
        label_at = Milliseconds(now + LABEL_WAIT)
        run.due = label_at if run.due == NOT_DUE else min(run.due, label_at)
    else:
        run.due = _give_up_at(train, run, run.departures, key)


def _give_up_at(train: TrainState, run: Run, departures: list[Departure], key: GroupKey) -> Milliseconds:
    return Milliseconds(max(_expected_arrival(train, run, departure, key) for departure in departures) + GIVE_UP)


def _expected_arrival(train: TrainState, run: Run, departure: Departure, key: GroupKey) -> Milliseconds:
    seen = departure.seen
    planned = _minute(seen.scheduled)
    ride = _journey(train, run, key(seen.station), key(seen.destination), planned)
    return Milliseconds((planned + seen.delay + (LONGEST_RIDE if math.isnan(ride) else int(ride))) * MINUTE)


class _End(NamedTuple):
    """What boards say became of a train at a destination."""

    status: Status
    delay: int | None = None


def _end(train: TrainState, run: Run, now: Milliseconds, key: GroupKey) -> Iterator[Ending]:
    """Yield the endings of the departures whose end is known or given up; the others stay."""
    by_destination: dict[str, list[Departure]] = {}
    for departure in run.departures:
        by_destination.setdefault(key(departure.seen.destination), []).append(departure)
    run.departures = []
    for destination, departures in by_destination.items():
        found = _end_at(run, destination, departures, key)
        reason: Unlabelled | None = None
        if found is None:
            if _give_up_at(train, run, departures, key) > now:
                run.departures.extend(departures)
                continue
            found, reason = _End("unlabelled"), _why_unlabelled(run)
        departures.sort(key=lambda departure: departure.seen.scheduled)
        arrival = _arrival(run, destination)
        for departure in departures:
            if arrival is not None and found.status == "arrived":
                _learn_journey(train, f"{key(departure.seen.station)}>{destination}", departure.seen, arrival)
        last = _minute(departures[-1].seen.scheduled)
        yield Ending(
            status=found.status,
            delay=found.delay,
            last_hop_minutes=float(arrival - last) if arrival is not None and arrival > last else float("nan"),
            first_planned=run.first_planned,
            departures=tuple(departures),
            reason=reason,
        )


def _end_at(run: Run, destination: str, departures: list[Departure], key: GroupKey) -> _End | None:
    """Return what boards say became of the departures to a destination; None if none says it."""
    end = run.ends.get(destination)
    if end is not None:
        return _End("cancelled") if end.cancelled else _End("arrived", end.delay)
    if destination in run.passed:  # the run was extended
        return _End("arrived", run.passed[destination])
    if destination in run.cancelled or any(_ended_before(run, destination, one, key) for one in departures):
        return _End("cancelled")
    return None


def _ended_before(run: Run, destination: str, departure: Departure, key: GroupKey) -> bool:
    """Return True if the run was seen to end at a stop before the destination on the departure's route.

    A part of the train may end where another part, under the same number, goes on: then it did not.
    """
    route = list(map(key, departure.seen.route_ahead))
    before = route[: route.index(destination)] if destination in route else []
    ended = [place for place, station in enumerate(before) if station in run.ends and not run.ends[station].cancelled]
    return bool(ended) and not any(station in run.delays for station in route[ended[-1] :])


def _why_unlabelled(run: Run) -> Unlabelled:
    return "ended-elsewhere" if any(not end.cancelled for end in run.ends.values()) else "not-seen"


def _learn_journey(train: TrainState, journey: str, seen: FeatureInput, arrival: UtcMinutes) -> None:
    minutes = arrival - _minute(seen.scheduled)
    if minutes > 0 and (journey in train.journeys or len(train.journeys) < _MOST_JOURNEYS):
        train.journeys[journey] = minutes


def _minute(scheduled: datetime) -> UtcMinutes:
    return berlin_time.utc_minutes(berlin_time.milliseconds(scheduled))
