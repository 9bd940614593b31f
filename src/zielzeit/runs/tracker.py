"""Runs followed from station to station: what follows from each decision. Pure, no Flink.

``follow`` takes the decisions of one train (category and number) in order of event time, ``expire`` lets time pass;
``zielzeit.runs.run_process`` calls both in that order. Which run a decision belongs to is in
``zielzeit.runs.run_choice``.

A run yields a ``Departure`` at each station that it leaves, and for each departure, later, exactly one ``Ending``
(``zielzeit.runs.endings``). Stations are compared by ``GroupKey``, never by their names, which have many spellings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision.early import EarlyDeparture
from zielzeit.decision.planned_stop import PlannedStop
from zielzeit.events.structs import Decision
from zielzeit.features.network_state import FeatureInput
from zielzeit.runs import journeys
from zielzeit.runs.endings import GIVE_UP, end, give_up_at, journey, journey_name
from zielzeit.runs.group_keys import GroupKey
from zielzeit.runs.messages import CancelledStop, Departure, EarlyMessage, Message
from zielzeit.runs.run_choice import RouteStop, known_run, run_of
from zielzeit.runs.same_run import LONGEST_RIDE
from zielzeit.runs.told_departures import Left, ToldDepartures
from zielzeit.runs.train_state import NOT_DUE, Call, Run, RunEnd, TrainState

LABEL_WAIT: Final = 30 * MINUTE
"""Milliseconds for which an arrival may still be corrected before it becomes the label."""


def follow(train: TrainState, decision: Decision | PlannedStop, key: GroupKey) -> Iterator[Message]:
    """Take one decision or planned stop of the train, in order of ``decided_at``; ``late`` decisions are left out."""
    now = berlin_time.milliseconds(decision.decided_at)
    stop = _stop(decision, key)
    run = run_of(train, stop)
    call = _planned_call(run, stop)
    if isinstance(decision, Decision):  # all that a planned stop says is when the train is planned there
        yield from _happened(train, run, decision, stop, call, key)
    _set_due(train, run, now, key)


def look_ahead(train: TrainState, early: EarlyDeparture, key: GroupKey, told: ToldDepartures) -> EarlyMessage:
    """Return what is known of a departure that is told before it is decided; note it in ``told``.

    The train's state is read and never changed.
    """
    shown = early.shown
    stop = _stop(shown, key)
    run = known_run(train, stop) or Run(stop.planned, stop.planned, sorted(set(stop.route)))
    name, at = f"{shown.category} {shown.number}", berlin_time.milliseconds(shown.decided_at)
    left = sorted([*run.left(), *told.before(name, stop.planned, run.left())])
    told.note(name, at, (stop.planned, shown.delay or 0, stop.station), retracted=early.stage == "retracted")
    return EarlyMessage(
        departure=_departure(train, run, shown, stop, left),
        stage=early.stage,
        revision=early.revision,
        reason=early.reason,
        waited=early.waited,
        news=early.news,
        starts_here=early.shown.starts_here,
    )


def expire(train: TrainState, now: Milliseconds, key: GroupKey) -> Iterator[Message]:
    """Yield the endings that fall due up to ``now``, and forget the runs and the journeys that are over."""
    journeys.forget(train, now)
    for run in train.runs:
        if run.due and run.due <= now:
            yield from end(train, run, now, key)
            run.due = give_up_at(train, run, run.departures, key) if run.departures else NOT_DUE
    train.runs = [run for run in train.runs if run.due or run.forget_at > now]


def next_due(train: TrainState) -> Milliseconds | None:
    """Return the earliest instant at which ``expire`` has something to do; None if there is nothing."""
    due = [run.due or run.forget_at for run in train.runs]
    return min([*due, train.sweep_at] if train.sweep_at else due, default=None)


def _stop(decision: Decision | PlannedStop, key: GroupKey) -> RouteStop:
    station, destination = key(decision.station), key(decision.destination)
    return RouteStop(
        station=station,
        destination=destination,
        behind=tuple(map(key, decision.route_behind)),
        ahead=tuple(map(key, decision.route_ahead)),
        planned=berlin_time.utc_minutes(berlin_time.milliseconds(decision.scheduled)),
        # At the first of two calls the destination may be this station, and the run goes on all the same.
        ends_here=decision.ends_here
        or (station == destination and not decision.starts_here and not decision.route_ahead),
    )


def _planned_call(run: Run, stop: RouteStop) -> Call:
    """Return the run's call of a stop, which is new if no board has shown it; where the run ends, one of no run."""
    if stop.ends_here:
        if not _ended_at_another_call(run, stop):
            run.arrivals[stop.station] = stop.planned
        return Call(stop.station, stop.planned, calls_again=False)
    for call in run.calls:
        if (call.station, call.planned) == (stop.station, stop.planned):
            call.calls_again = stop.station in stop.ahead
            return call
    run.calls.append(Call(stop.station, stop.planned, calls_again=stop.station in stop.ahead))
    return run.calls[-1]


def _ended_at_another_call(run: Run, stop: RouteStop) -> bool:
    """Return True if the run has ended at the first of two calls at a station, and this is the second one."""
    end = run.ends.get(stop.station)
    return end is not None and end.calls_again and end.planned != stop.planned


def _happened(
    train: TrainState, run: Run, decision: Decision, stop: RouteStop, call: Call, key: GroupKey
) -> Iterator[Message]:
    """Note what became of the train at a stop, and yield what the network and the labels must know."""
    here = stop.station
    cancelled = decision.kind == "cancelled" or (decision.kind == "corrected" and decision.cancelled)
    missed = set(map(key, decision.cancelled_ahead)) - {*stop.ahead}
    # A part of the train that is cancelled where another part, under the same number, has left.
    other_part = decision.kind == "cancelled" and call.delay is not None
    call.cancelled = cancelled and not other_part
    _learn_cancelled(run, stop, missed, here_cancelled=call.cancelled)
    if cancelled:
        run.passed.pop(here, None)
        if _ended_at_another_call(run, stop):
            return
        if stop.ends_here:
            run.ends[here] = RunEnd(stop.planned, 0, cancelled=True)
        elif not other_part and _is_first_to_cancel(run, decision, here):
            yield CancelledStop(id=decision.id, station=decision.station)
    elif stop.ends_here and decision.kind in ("terminated", "corrected"):
        run.ends[here] = RunEnd(stop.planned, decision.delay or 0, cancelled=False, calls_again=here in missed)
    elif decision.kind == "departed" or (decision.kind == "corrected" and call.delay is not None):
        if decision.kind == "departed" and not _is_told_by_a_part(run, decision, stop, key):
            departure = _departure(train, run, decision, stop, run.left())
            run.departures.append(departure)
            yield departure
        call.delay = decision.delay or 0
        for_good = here != stop.destination and not call.calls_again and here not in missed
        if decision.arrival_delay is not None and for_good:
            run.passed[here] = decision.arrival_delay


def _is_told_by_a_part(run: Run, decision: Decision, stop: RouteStop, key: GroupKey) -> bool:
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


def _learn_cancelled(run: Run, stop: RouteStop, missed: set[str], *, here_cancelled: bool) -> None:
    """Note which stations are not served now; those that this decision names as served are.

    ``missed``: stations of which every call ahead is cancelled. A station may have been served by an earlier call.
    """
    here = {stop.station}
    served = {*stop.behind, *stop.ahead} | (set() if here_cancelled else here)
    run.cancelled = sorted((missed | (here if here_cancelled else set()) | set(run.cancelled)) - served)


def _departure(train: TrainState, run: Run, decision: Decision, stop: RouteStop, left: Sequence[Left]) -> Departure:
    planned = stop.planned
    before = [one for one in left if one[0] < planned and _is_behind(one[2], stop)]
    since, _, last = before[-1] if before else (planned, 0, "")
    # Otherwise stops between are not polled, or not decided yet.
    previous = decision.route_behind[-1] if stop.behind[-1:] == (last,) else ""
    name = journey_name(stop.station, stop.destination, stop.ahead)
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
            horizon=journey(train, run, name, stop.destination, planned),
            route_ahead=decision.route_ahead or (decision.destination,),
            earlier_delays=tuple(delay for _, delay, _ in before),
            previous_station=previous,
            previous_minutes=float(planned - since) if previous else math.nan,
        ),
    )


def _is_behind(station: str, stop: RouteStop) -> bool:
    """Return False for a station that only another part of the train, under the same number, has called at."""
    return station in stop.behind or not stop.behind


def _set_due(train: TrainState, run: Run, now: Milliseconds, key: GroupKey) -> None:
    last_delay = max((call.delay for call in run.calls if call.delay is not None), default=0)
    run.forget_at = Milliseconds(max(now, (run.last_planned + last_delay + LONGEST_RIDE) * MINUTE) + GIVE_UP)
    if not run.departures:
        run.due = NOT_DUE
    elif run.ends:
        label_at = Milliseconds(now + LABEL_WAIT)
        run.due = label_at if run.due == NOT_DUE else min(run.due, label_at)
    else:
        run.due = give_up_at(train, run, run.departures, key)
