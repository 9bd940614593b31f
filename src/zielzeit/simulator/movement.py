"""What really happens to the trains of a line on a service day: a pure function of seed, line and day.

Delays come from hops (speed restrictions, congestion, faults with a heavy tail), from dwell times (crowds at rush
hour), from the vehicles' previous trip, and from disruptions that hit every train on a segment for a while. The
timetable's buffers reduce them. Lines, segments and single trains have good and bad weeks, so that yesterday predicts
today to some extent, as do the trains ahead on the same segment.
"""

from __future__ import annotations

import math
from datetime import date
from functools import lru_cache
from random import Random

import msgspec

from zielzeit.simulator import chance, clock
from zielzeit.simulator.railway import Line, Network, Pattern, Trip

_UNEVENNESS = {"ICE": 2.6, "IC": 2.4, "NJ": 2.4, "RE": 1.4, "RB": 0.8, "S": 0.7}
"""Relative amount of delay that a category picks up; chosen to match the means of real data."""
_BUFFER = 0.12
_SHORTEST_TURN = 3 * 60
_CANCELLED, _REVOKED = 0.025, 0.2
_MAX_DELAY = 240.0
_MAX_EARLY = -5.0


class Cancellation(msgspec.Struct, frozen=True):
    """Cancellation of stops ``first`` … ``end - 1``, unless revoked. Times are epoch seconds."""

    first: int
    end: int
    announced: int
    revoked: int | None


class SimulatedRun(msgspec.Struct, frozen=True):
    """The true course of a train on its service day. Delays are minutes; ``departures[-1]`` repeats the arrival's."""

    day: date
    line: Line
    trip: Trip
    pattern: Pattern
    start: int
    """Epoch seconds of the planned departure from the origin."""
    arrivals: tuple[int, ...]
    departures: tuple[int, ...]
    cancellation: Cancellation | None
    last: int
    """Index of the last stop by the timetable."""
    key: int
    """Seed of everything else that is drawn for this run."""

    @property
    def id(self) -> str:
        return f"{self.day.isoformat()}-{self.line.category}-{self.trip.number}"

    def served(self, stop: int) -> tuple[bool, bool]:
        """For arrival and departure at a stop, True if it takes place or there is none."""
        cancelled = self.cancellation
        if cancelled is None or cancelled.revoked is not None:
            return True, True
        return not self.arrival_cancelled(stop, cancelled.announced), not self.departure_cancelled(
            stop, cancelled.announced
        )

    def arrival_cancelled(self, stop: int, at: float) -> bool:
        """Return True if the arrival is known to be cancelled at epoch second ``at``."""
        c = self._cancelled_at(at)
        return c is not None and (c.first <= stop < c.end or (stop == c.end and c.first == 0))

    def departure_cancelled(self, stop: int, at: float) -> bool:
        """Return True if the departure is known to be cancelled at epoch second ``at``."""
        c = self._cancelled_at(at)
        return c is not None and (c.first <= stop < c.end or (stop == c.first - 1 and c.end > self.last))

    def _cancelled_at(self, at: float) -> Cancellation | None:
        c = self.cancellation
        if c is None or at < c.announced or (c.revoked is not None and at >= c.revoked):
            return None
        return c


class Disruption(msgspec.Struct, frozen=True):
    """A disruption of a segment that delays every train on it. Times are epoch seconds."""

    begin: int
    end: int
    minutes: float


def move(network: Network, line: Line, day: date) -> tuple[SimulatedRun, ...]:
    """All runs of a line on a service day, in order of departure."""
    mood = math.exp(0.25 * chance.drifting(day.toordinal(), 5, network.seed, 11, line.index))
    unevenness = _UNEVENNESS[line.category] * mood * math.exp(0.3 * chance.normal(network.seed, 12, line.index))
    runs: list[SimulatedRun] = []
    for trip in line.trips:
        late = _from_previous_trip(trip, clock.epoch(day, trip.start), runs)
        runs.append(_run(network, line, trip, day, unevenness=unevenness, delay=late))
    return tuple(runs)


@lru_cache(maxsize=50_000)
def _disruptions(seed: int, segment: int, day: date) -> tuple[Disruption, ...]:
    rng = chance.generator(seed, 21, segment, day.toordinal())
    found = []
    if rng.random() < 0.12:
        begin = clock.epoch(day, int(rng.triangular(4 * 60, 24 * 60, 16 * 60)))
        length = int(rng.lognormvariate(4.3, 0.5) * 60)
        found.append(Disruption(begin, begin + length, min(rng.lognormvariate(1.9, 0.7), 45.0)))
    return tuple(found)


@lru_cache(maxsize=50_000)
def _segment_mood(seed: int, segment: int, day: date) -> tuple[float, float]:
    """State of a segment: share that speed restrictions add to the running time, and a factor of congestion.

    Restrictions last for years, congestion drifts over weeks.
    """
    slow = max(0.0, 0.06 * chance.normal(seed, 22, segment))
    return slow, math.exp(0.3 * chance.drifting(day.toordinal(), 21, seed, 23, segment))


def _rush(second: int) -> float:
    """Factor of crowding by hour of the day, 1 on average."""
    hour = clock.local_hour(second)
    return 1.6 if hour in (7, 8, 16, 17, 18) else 0.6 if hour >= 22 or hour < 5 else 1.0


def _run(network: Network, line: Line, trip: Trip, day: date, *, unevenness: float, delay: float) -> SimulatedRun:
    key = chance.mix(network.seed, 31, day.toordinal(), line.index, trip.index)
    rng = Random(key)
    pattern = line.patterns[trip.pattern]
    start = clock.epoch(day, trip.start)
    # Each train has its own lasting trouble spot: a crossing, a crowded platform, a path behind a freight train.
    habit = chance.generator(network.seed, 32, line.index, trip.index)
    habit_stop, habit_minutes = habit.randrange(1, len(pattern.stops)), habit.expovariate(0.5) * unevenness
    delay += rng.expovariate(0.8) * _rush(start)
    if rng.random() < 0.06:
        delay += rng.expovariate(0.15)
    arrivals, departures = [round(delay)], [max(0, round(delay))]
    for stop in range(1, len(pattern.stops)):
        hop = pattern.arrivals[stop] - pattern.departures[stop - 1]
        now = start + 60 * pattern.departures[stop - 1] + int(60 * delay)
        rush = _rush(now)
        segment = pattern.segments[stop]
        slow, crowd = _segment_mood(network.seed, segment, day)
        trouble = unevenness * crowd * rush
        added = slow * hop + rng.expovariate(1.0) * 0.035 * hop * trouble
        if rng.random() < 0.004 * trouble:
            added += rng.lognormvariate(2.0, 0.9)
        if stop == habit_stop and rng.random() < 0.75:
            added += habit_minutes
        for disruption in _disruptions(network.seed, segment, day):
            if disruption.begin <= now < disruption.end:
                added += disruption.minutes * hop / 12 * rng.random()
        delay += added - min(max(delay, 0.0), _BUFFER * hop)
        if delay < 1.0 and rng.random() < 0.3:
            delay -= rng.expovariate(0.8)
        delay = min(max(delay, _MAX_EARLY), _MAX_DELAY)
        arrivals.append(round(delay))
        if stop < len(pattern.stops) - 1:
            dwell = pattern.departures[stop] - pattern.arrivals[stop]
            delay += rng.expovariate(1.0) * (0.3 + 0.15 * dwell) * rush - min(max(delay, 0.0), 0.3 * dwell)
            if delay < 0.0:
                # Leaving before time is a fault and rare.
                delay = -1.0 if delay <= -1.0 and rng.random() < 0.03 else 0.0
        departures.append(round(delay))
    return SimulatedRun(
        day=day,
        line=line,
        trip=trip,
        pattern=pattern,
        start=start,
        arrivals=tuple(arrivals),
        departures=tuple(departures),
        cancellation=_cancellation(rng, unevenness, pattern, start),
        last=len(pattern.stops) - 1,
        key=key,
    )


def _from_previous_trip(trip: Trip, start: int, before: list[SimulatedRun]) -> float:
    """Minutes by which the vehicles arrive too late for this trip; 0 if their previous trip was cancelled."""
    if trip.previous is None:
        return 0.0
    earlier = before[trip.previous]
    if not earlier.served(earlier.last)[0]:
        return 0.0
    arrived = earlier.start + 60 * (earlier.pattern.arrivals[-1] + earlier.arrivals[-1])
    return max(0.0, (arrived + _SHORTEST_TURN - start) / 60)


def _cancellation(rng: Random, unevenness: float, pattern: Pattern, start: int) -> Cancellation | None:
    if rng.random() >= _CANCELLED * min(unevenness, 3.0):
        return None
    stops = len(pattern.stops)
    kind = rng.random()
    first, end = 0, stops
    if kind > 0.5 and stops > 3:
        if kind < 0.75:  # ends short
            first = rng.randrange(2, stops)
        elif kind < 0.87:  # starts later
            end = rng.randrange(1, stops - 1)
        else:  # passes some stops
            first = rng.randrange(1, stops - 1)
            end = min(first + rng.randint(1, 3), stops - 1)
    affected = start + 60 * pattern.departures[max(first - 1, 0)]
    if rng.random() < 0.05:
        return Cancellation(first, end, affected + rng.randint(60, 480), None)
    announced = affected - int(min(rng.expovariate(1 / 60), 600) * 60) - 120
    revoked = None
    if rng.random() < _REVOKED:
        revoked = announced + int(rng.uniform(0.2, 0.8) * (affected - announced))
    return Cancellation(first, end, announced, revoked)
