"""What the real-time feed believes about a run at a moment, and when it learns the truth.

Until a train is close to a stop, the feed carries its last posted delay forward, minus some buffer, and postpones the
expected minute while there is no news. Close to the stop it believes a minute that is often too early; the true minute
is posted some minutes after the believed departure. ``_LAG`` is the distribution of that lag, from recorded boards of
Frankfurt (docs/architecture.md). Times are epoch seconds, delays minutes.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from random import Random

import msgspec

from zielzeit.simulator import chance
from zielzeit.simulator.movement import SimulatedRun

_LAG = ((0.0, 1.2), (0.22, 2.5), (0.64, 4.5), (0.8, 6.0), (0.89, 8.0), (0.95, 11.0), (1.0, 45.0))
"""Points (cumulative share, minutes): lag from the believed departure to the posting of the true minute."""
_RIGHT_AT_ONCE = 0.1
_NEVER = 1 << 40
_LATE_CORRECTION, _COLLAPSE, _RESET, _SILENT = 0.004, 0.003, 0.002, 0.01
_CREEP = 180


class Belief(msgspec.Struct, frozen=True):
    """The feed's last beliefs at one stop about the event that removes its row from the board."""

    sure: int
    """From here on ``delay`` is believed instead of the delay carried forward."""
    delay: int
    posted: int
    """From here on the true delay is shown."""
    odd: tuple[tuple[int, int, int], ...] = ()
    """Glitches (begin, end, delay) that override everything else."""


class Forecast(msgspec.Struct, frozen=True):
    """The feed's view of one run."""

    run: SimulatedRun
    beliefs: tuple[Belief, ...]
    known_at: tuple[int, ...]
    """Times at which reports of the run become known, ascending."""
    known: tuple[tuple[int, int], ...]
    """Stop and delay of each of these reports."""
    silent: bool
    """True if the run has no real-time data at all."""

    def planned(self, stop: int) -> int:
        """Planned departure, or arrival at the last stop, epoch seconds."""
        pattern = self.run.pattern
        offset = pattern.arrivals[stop] if stop == self.run.last else pattern.departures[stop]
        return self.run.start + 60 * offset

    def departure_delay(self, stop: int, at: float) -> int:
        """Delay believed at ``at`` for leaving the stop, or for the arrival at the last stop."""
        run = self.run
        cancelled = run.arrival_cancelled(stop, at) if stop == run.last else run.departure_cancelled(stop, at)
        # After its cancellation is announced there is no more news: the row keeps its delay.
        return self._delay(stop, run.cancellation.announced if cancelled and run.cancellation else at)

    def arrival_delay(self, stop: int, at: float) -> int:
        """Delay believed at ``at`` for the arrival; the true one is known about a minute after it."""
        if stop == self.run.last:
            return self.departure_delay(stop, at)
        if self.silent or not self.run.served(stop)[0]:
            return 0
        true = self.run.arrivals[stop]
        leaves = self.departure_delay(stop, at)
        if at >= self.arrival_known(stop):
            return true
        return min(true, leaves) if at >= self.beliefs[stop].sure else max(leaves, 0)

    def arrival_known(self, stop: int) -> int:
        """Epoch second at which the true arrival at an intermediate stop is posted."""
        return self.run.start + 60 * (self.run.pattern.arrivals[stop] + self.run.arrivals[stop]) + 75

    def gone(self, stop: int) -> int:
        """Epoch second after which the row is on no board that is polled without ``past``."""
        belief = self.beliefs[stop]
        worst = max(belief.delay, self.run.departures[stop], 0, *(odd[2] for odd in belief.odd))
        cancelled = self.run.cancellation
        if cancelled is not None:
            worst = max(
                worst, (cancelled.announced - self.planned(stop)) // 60 + 10, *(delay for _, delay in self.known)
            )
        return self.planned(stop) + 60 * (worst + 8)

    def _delay(self, stop: int, at: float) -> int:
        if self.silent:
            return 0
        belief = self.beliefs[stop]
        for begin, end, delay in belief.odd:
            if begin <= at < end:
                return delay
        if at >= belief.posted:
            return self.run.departures[stop]
        if at >= belief.sure:
            return belief.delay
        return self._carried_forward(stop, at)

    def _carried_forward(self, stop: int, at: float) -> int:
        place = bisect_right(self.known_at, at) - 1
        pattern = self.run.pattern
        carried = 0
        if place >= 0:
            origin, carried = self.known[place]
            if carried > 0:
                ahead = pattern.arrivals[stop] - pattern.departures[min(origin, stop)]
                carried = max(0, carried - int(0.04 * ahead))
            elif stop < self.run.last:
                carried = 0
        overdue = int(at) - self.planned(stop)
        if overdue + 60 > 60 * carried:
            # No news and the minute is near: expect the train a few minutes from now.
            carried = (overdue // _CREEP) * (_CREEP // 60) + _CREEP // 60 + 2
        return carried


def foresee(run: SimulatedRun) -> Forecast:
    """The feed's view of a run; random choices depend on the run's own key."""
    rng = Random(chance.mix(run.key, 41))
    silent = run.line.category == "RB" and rng.random() < _SILENT
    beliefs: list[Belief] = []
    known_at: list[int] = []
    known: list[tuple[int, int]] = []
    for stop, true in enumerate(run.departures):
        arrives, departs = run.served(stop)
        if not (arrives if stop == run.last else departs):
            beliefs.append(Belief(_NEVER, 0, _NEVER))
            continue
        offset = run.pattern.arrivals[stop] if stop == run.last else run.pattern.departures[stop]
        belief = _believe(rng, run.start + 60 * offset, true)
        beliefs.append(belief)
        if not known_at:
            known_at.append(belief.sure)
            known.append((stop, belief.delay))
        known_at.append(max(known_at[-1], belief.posted))
        known.append((stop, true))
    return Forecast(run, tuple(beliefs), tuple(known_at), tuple(known), silent)


def _believe(rng: Random, planned: int, true: int) -> Belief:
    lag = _lag(rng.random())
    believed = true
    if true < 0:
        believed = 0
    elif true > 0 and rng.random() > _RIGHT_AT_ONCE:
        believed = true - min(true, rng.randint(1, max(1, int(lag) if lag > 11 else int(lag) - 1)))
    leaves = planned + 60 * believed
    sure = leaves - rng.randint(90, 480)
    posted = max(leaves + int(60 * lag), planned + 60 * true + 20)
    if believed == true:
        posted = leaves + rng.randint(20, 150)
    odd: list[tuple[int, int, int]] = []
    chosen = rng.random()
    if chosen < _LATE_CORRECTION and true > 4:
        # Posted wrong at first, corrected tens of minutes later.
        odd.append((posted, posted + rng.randint(20, 45) * 60, max(believed, true - rng.randint(2, 44))))
    elif chosen < _LATE_CORRECTION + _COLLAPSE:
        begin = sure - rng.randint(10, 40) * 60
        odd.append((begin, sure, believed + rng.randint(60, 95)))
    elif chosen < _LATE_CORRECTION + _COLLAPSE + _RESET and believed > 4:
        odd.append((leaves - rng.randint(60, 240), posted, 0))
    return Belief(sure, believed, posted, tuple(odd))


def _lag(share: float) -> float:
    for (low, from_minute), (high, to_minute) in pairwise(_LAG):
        if share <= high:
            return from_minute + (to_minute - from_minute) * (share - low) / (high - low)
    return _LAG[-1][1]


def settled_at(forecast: Forecast, stop: int) -> int:
    """Epoch second at which the delay shown for a served stop changes for the last time."""
    belief = forecast.beliefs[stop]
    return max(belief.posted, *(odd[1] for odd in belief.odd), 0)
