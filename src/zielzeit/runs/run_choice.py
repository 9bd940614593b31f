"""Which run of a train a stop belongs to. Boards carry no trip id. Pure.

A stop belongs to the run whose route it shares, whose planned times are near, and which nothing contradicts: a train
leaves each stop of its route once, and in the order of the route. Near is four hours; where both routes name both stops
in this order it is as long as a train runs. Of several such runs the nearest in time counts.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from zielzeit.berlin_time import UtcMinutes
from zielzeit.runs.same_run import LONGEST_RIDE, may_be_one_run
from zielzeit.runs.train_state import Run, TrainState

_LONGEST_STOP: Final = 30
"""Minutes after one part of a train ends at a station within which another part goes on, at most."""


class RouteStop(NamedTuple):
    """A stop of a run, and the run's route as a board shows it there; stations as keys."""

    station: str
    destination: str
    behind: tuple[str, ...]
    ahead: tuple[str, ...]
    planned: UtcMinutes
    ends_here: bool

    @property
    def route(self) -> tuple[str, ...]:
        """All stops, in order; the destination is one of them."""
        route = (*self.behind, self.station, *self.ahead)
        return route if self.destination in route else (*route, self.destination)

    def minutes_to(self, at: UtcMinutes) -> int:
        """Return how far a minute is from the planned time here."""
        return abs(at - self.planned)


def known_run(train: TrainState, stop: RouteStop) -> Run | None:
    """Return the run that a stop belongs to, of those that are known; changes nothing."""
    stops = set(stop.route)
    fitting = [run for run in train.runs if not stops.isdisjoint(run.stops) and _fits(run, stop)]
    return min(fitting, key=lambda run: _distance(train, run, stop), default=None)


def run_of(train: TrainState, stop: RouteStop) -> Run:
    """Return the run that a stop belongs to, a new one if there is none, and take the stop's route into it."""
    stops, planned = set(stop.route), stop.planned
    run = known_run(train, stop)
    if run is None:
        train.runs.append(Run(planned, planned, sorted(stops)))
        return train.runs[-1]
    run.first_planned, run.last_planned = min(run.first_planned, planned), max(run.last_planned, planned)
    run.stops.extend(sorted(stops.difference(run.stops)))
    return run


def _fits(run: Run, stop: RouteStop) -> bool:
    """Return True if the stop can belong to the run: a relief train of the same number may be behind it."""
    apart = max(run.first_planned - stop.planned, stop.planned - run.last_planned)
    if not may_be_one_run(apart) and (apart > LONGEST_RIDE or _planned_otherwise(run, stop) or not _agrees(run, stop)):
        return False
    passed = [(station, at, False) for at, _, station in run.left()]
    passed += [(station, end.planned, True) for station, end in run.ends.items() if not end.cancelled]
    route = stop.route
    return all(_in_order(name, at, stop, ended=ended) for name, at, ended in passed if name in route)


def _planned_otherwise(run: Run, stop: RouteStop) -> bool:
    """Return True if the run is planned here at another time: that is rarely the same run."""
    if stop.route.count(stop.station) > 1:
        return False
    if stop.ends_here:
        here = [run.arrivals[stop.station]] if stop.station in run.arrivals else []
    else:
        here = [call.planned for call in run.calls if call.station == stop.station and not call.cancelled]
    return bool(here) and stop.planned not in here


def _agrees(run: Run, stop: RouteStop) -> bool:
    """Return True if the run's nearest stop is on the stop's route, on its right side, and they share way or end."""
    here = len(stop.behind)
    behind, ahead = stop.route[:here], stop.route[here + 1 :]
    served = [*((call.station, call.planned) for call in run.calls if not call.cancelled), *run.arrivals.items()]
    on_route = [(station, at) for station, at in served if station in behind or station in ahead]
    if not on_route:
        return False
    station, at = min(on_route, key=lambda one: stop.minutes_to(one[1]))
    if station not in (behind if at < stop.planned else ahead):
        return False
    way = behind[behind.index(station) :] if at < stop.planned else ahead[: ahead.index(station)]
    return stop.destination in run.stops or set(run.stops) >= set(way) or set(stop.route) >= set(run.stops)


def _in_order(station: str, at: UtcMinutes, stop: RouteStop, *, ended: bool) -> bool:
    """Return True if the run may have left (or ended at) a station of the stop's route at a minute.

    Where the route names the station twice, one of the two places is enough; an end is at the last one. A part of the
    train may end where the other part goes on some minutes later.
    """
    here = len(stop.behind)
    places = [place for place, name in enumerate(stop.route) if name == station]
    for hops in (place - here for place in (places[-1:] if ended else places)):
        if hops == 0:
            fits = at == stop.planned or (ended != stop.ends_here and stop.minutes_to(at) <= _LONGEST_STOP)
        else:  # two neighbouring stops may be planned for the same minute, more than two cannot
            fits = (at - stop.planned) * (1 if hops > 0 else -1) >= abs(hops) - 1
        if fits:
            return True
    return False


def _distance(train: TrainState, run: Run, stop: RouteStop) -> tuple[bool, int]:
    """Return how badly a stop fits: whether the run is planned here at another time, and minutes.

    Minutes say how far the run's nearest stop is from where it should be: as far as on earlier days, or else as near as
    can be. They are -1 if the run has this very stop.
    """
    if (stop.station, stop.planned) in _planned(run):
        return False, -1
    station, at = min(_planned(run), key=lambda one: stop.minutes_to(one[1]))
    usual = train.journeys.get(f"{station}>{stop.station}", 0) if at < stop.planned else 0
    return _planned_otherwise(run, stop), abs(stop.minutes_to(at) - usual)


def _planned(run: Run) -> list[tuple[str, UtcMinutes]]:
    """Stations and planned times that boards have shown of the run: at least one."""
    return [*((call.station, call.planned) for call in run.calls), *run.arrivals.items()]
