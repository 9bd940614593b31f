"""The truth log: one record per run and station, written as soon as nothing about it can change.

``undecidable`` has a reason if no poller could have known: the row, or its final delay, was on no good board.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import msgspec

from zielzeit.simulator import clock
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.forecast import Forecast, settled_at
from zielzeit.simulator.movement import SimulatedRun
from zielzeit.simulator.world import World

Looked = Callable[[int, float, float], int]
"""(station, begin, end) → number of good boards of the station in an interval."""
AHEAD = 180 * 60
PAST = 60 * 60
_SETTLED = 8 * 60
_LAST_LOOK = 4 * 60
_EARLY_DEPARTURE, _EARLY_ARRIVAL = 5, 15
"""Minutes by which a train can be early."""
_SURE = 2
"""Number of good boards that settle a delay; a single one may be a glitch."""


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a run at a station. Times are aware (Europe/Berlin), delays minutes; null: no such event."""

    service_day: date
    run: str
    category: str
    number: str
    line: str
    train: str
    station: str
    eva: int
    stop_index: int
    scheduled_arrival: datetime | None
    scheduled_departure: datetime | None
    actual_arrival: datetime | None
    """Null also if the arrival was cancelled."""
    actual_departure: datetime | None
    delay_arrival: int | None
    """Last delay that the feed posts; meaningless if cancelled or without real-time data."""
    delay_departure: int | None
    arrival_cancelled: bool
    departure_cancelled: bool
    destination: str
    """Station where the run really ended; the planned destination if it never ran."""
    starts_here: bool
    """True if the run starts here by the timetable."""
    terminates_here: bool
    """True if the run really ended here, also if it was cut short."""
    realtime: bool
    """False if the feed has no data of this run: its delays stay 0."""
    destination_delay: int | None
    """Delay of the arrival where the run really ended; null if it never ran."""
    known_at: datetime
    """Time at which the last part of this record was posted."""
    undecidable: str | None


def known_from(forecast: Forecast, stop: int) -> int:
    """Epoch second from which the truth about a run at a stop is final."""
    run = forecast.run
    arrives, departs = run.served(stop)
    planned = forecast.planned(stop)
    happened = planned + 60 * run.departures[stop]
    if stop > 0 and arrives:
        happened = max(happened, forecast.arrival_known(stop))
    if not (arrives if stop == run.last else departs):
        announced = run.cancellation.announced if run.cancellation else planned
        return max(planned, happened, announced) + 60
    return max(happened, 0 if forecast.silent else settled_at(forecast, stop)) + 60


def truth(world: World, forecast: Forecast, stop: int, looked: Looked, *, past: bool = True) -> Truth:
    """Record of a run at a stop; ``looked`` counts the good boards that a poller could have seen."""
    run, pattern = forecast.run, forecast.run.pattern
    station = world.network.stations[pattern.stops[stop]]
    arrives, departs = run.served(stop)
    starts, ends = stop == 0, stop == run.last
    end = _real_end(forecast)
    final = known_from(forecast, stop)
    planned_arrival = run.start + 60 * pattern.arrivals[stop]
    planned_departure = run.start + 60 * pattern.departures[stop]
    arrived = not starts and arrives
    departed = not ends and departs
    return Truth(
        service_day=run.day,
        run=run.id,
        category=run.line.category,
        number=run.trip.number,
        line=run.line.name,
        train=run.line.label(run.trip),
        station=station.name,
        eva=station.eva,
        stop_index=stop,
        scheduled_arrival=None if starts else clock.local(planned_arrival),
        scheduled_departure=None if ends else clock.local(planned_departure),
        actual_arrival=clock.local(planned_arrival + 60 * run.arrivals[stop]) if arrived else None,
        actual_departure=clock.local(planned_departure + 60 * run.departures[stop]) if departed else None,
        delay_arrival=None if starts else forecast.arrival_delay(stop, final),
        delay_departure=None if ends else forecast.departure_delay(stop, final),
        arrival_cancelled=not starts and not arrives,
        departure_cancelled=not ends and not departs,
        destination=world.network.stations[pattern.stops[run.last if end is None else end]].name,
        starts_here=starts,
        terminates_here=stop == end,
        realtime=not forecast.silent,
        destination_delay=None if end is None else run.arrivals[end],
        known_at=clock.local(final),
        undecidable=_undecidable(forecast, stop, station.index, looked, past=past),
    )


class TruthLog:
    """Yields records in the order in which they become known, as simulated time passes."""

    def __init__(self, world: World, faults: Faults, start: float) -> None:
        self._world, self._faults, self._start = world, faults, start
        self._next_day = clock.local(start).date() - timedelta(days=1)
        self._waiting: list[tuple[int, str, int, Forecast]] = []

    def load(self, at: float) -> Iterator[None]:
        """Load the service days that have begun by ``at``; yields after each line, to keep a server responsive."""
        while self._next_day <= clock.local(at).date():
            day = self._next_day
            self._next_day += timedelta(days=1)
            for line in self._world.network.lines:
                for forecast in self._world.line_day(line.index, day):
                    for stop in range(len(forecast.beliefs)):
                        known = known_from(forecast, stop)
                        if known > self._start:
                            heapq.heappush(self._waiting, (known, forecast.run.id, stop, forecast))
                yield

    def until(self, at: float) -> Iterator[Truth]:
        """Records that became known by ``at`` and were not yielded before."""
        while self._waiting and self._waiting[0][0] <= at:
            _, _, stop, forecast = heapq.heappop(self._waiting)
            yield truth(self._world, forecast, stop, self._faults.good_boards)


def _real_end(forecast: Forecast) -> int | None:
    """Index of the stop at which the run really ended; None if it never ran."""
    run = forecast.run
    arrived = [stop for stop in range(1, run.last + 1) if run.served(stop)[0]]
    return arrived[-1] if arrived else None


def _undecidable(forecast: Forecast, stop: int, station: int, looked: Looked, *, past: bool) -> str | None:
    run = forecast.run
    final = known_from(forecast, stop) - 60
    shows_from = run.start + 60 * run.pattern.arrivals[stop] - AHEAD
    leaves = forecast.planned(stop) + 60 * forecast.departure_delay(stop, final)
    if not looked(station, shows_from, leaves + (PAST if past else 0)):
        return "the row was on no good board"
    if _has_double(forecast, stop, final) or _has_double(forecast, stop, forecast.beliefs[stop].posted - 1):
        return "in the hour that autumn repeats another train would have the same row"
    if past:
        if final > leaves + PAST:
            return "the true minute was posted after the row had left the board"
        if looked(station, max(final, leaves + _SETTLED), leaves + PAST) < _SURE:
            return "no two good boards between the settled delay and the end of the row"
        return None
    if forecast.beliefs[stop].posted <= final:
        leaves = min(leaves, forecast.planned(stop) + 60 * forecast.beliefs[stop].delay)
    return _undecidable_by_silence(run, station, looked, leaves)


def _has_double(forecast: Forecast, stop: int, at: int) -> bool:
    """Return True if a train planned or leaving an hour before or after has the same time and delay on the board."""
    run, ends = forecast.run, _real_end(forecast) == stop
    planned = run.start + 60 * (run.pattern.arrivals if ends else run.pattern.departures)[stop]
    leaves = planned + 60 * (forecast.arrival_delay if ends else forecast.departure_delay)(stop, at)
    early = 60 * (_EARLY_ARRIVAL if ends else _EARLY_DEPARTURE)
    shown = clock.read_by_dbf(leaves) - clock.read_by_dbf(planned)
    return any(
        clock.read_by_dbf(left) - clock.read_by_dbf(of) == shown
        for of in (planned - 3600, planned, planned + 3600)
        for left in (leaves - 3600, leaves, leaves + 3600)
        if (of, left) != (planned, leaves) and clock.hhmm(of) == clock.hhmm(planned) and left - of >= -early
    )


def _undecidable_by_silence(run: SimulatedRun, station: int, looked: Looked, leaves: int) -> str | None:
    """The reason without ``past``: the row vanishes at the believed minute, before the true one is posted."""
    if not looked(station, leaves - PAST // 2, leaves):
        return "no good board in the half hour before the departure"
    if looked(station, leaves + 1, leaves + PAST // 2) < _SURE:
        return "no two good boards in the half hour after the departure"
    revoked = run.cancellation.revoked if run.cancellation else None
    # Only the last board counts, and an old one shown late may still have the cancellation.
    if revoked and not looked(station, max(revoked, leaves - _LAST_LOOK), leaves):
        return "no good board between the cancellation's end and the departure"
    return None
