"""When each station is asked: rounds, retries and the rules of the instance, as a function of what happened.

No clock, no thread: the poller passes the time in, and so do the tests.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from math import inf

import msgspec

from zielzeit.sources.plan import Plan

_ATTEMPTS = 4
"""Most requests of a station in one round."""
_LONGEST_BACKOFF_SECONDS = 30.0


class _Round(msgspec.Struct):
    """A station's present round."""

    due: float
    """When it was due."""
    began: float | None = None
    """When its first request was sent."""
    attempts: int = 0


class Schedule:
    """Says which station is to be asked next. All times are seconds of the caller's clock, which never goes back.

    Each station has rounds of its own, one per interval: none waits for another's failure. A round that is over is
    not made up for.
    """

    def __init__(self, plan: Plan, now: float, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self.skipped = 0
        """Rounds that passed while their station was still answering or asked to be left alone."""
        self._plan = plan
        self._uniform = uniform
        self._gap = 60 / plan.per_minute if plan.per_minute else 0.0
        """Least seconds between two requests. Saved-up tokens would let twice the rate through in the first minute."""
        self._next_request = now
        self._rounds = {
            station: _Round(due=now + plan.phase_seconds(index)) for index, station in enumerate(plan.stations)
        }
        self._waiting = [(each.due, index, station) for index, (station, each) in enumerate(self._rounds.items())]
        self._number = len(self._waiting)

    def wait_seconds(self, now: float) -> float:
        """Seconds until ``take`` returns a station; infinite while all stations are under way."""
        return max(self._waiting[0][0], self._next_request, now) - now if self._waiting else inf

    def take(self, now: float) -> str | None:
        """The station to ask now, None if it is too early for any. It is under way until ``done`` or ``repeat``."""
        if self.wait_seconds(now) > 0:
            return None
        _, _, station = heapq.heappop(self._waiting)
        self._next_request = now + self._gap
        current = self._rounds[station]
        current.attempts += 1
        if current.began is None:
            current.began = now
        return station

    def repeat(self, station: str, now: float, retry_after: float | None) -> bool:
        """Ask the station again in this round; returns False, without doing so, if the round has no room for that.

        Backs off exponentially with full jitter, in proportion to the interval, but for no less than ``retry_after``
        seconds (what the server asked for) and the rules' spacing.
        """
        current = self._rounds[station]
        growth = min(1.0, self._plan.interval_seconds / 20) * 2 ** (current.attempts - 1)
        backoff = self._uniform(0, min(growth, _LONGEST_BACKOFF_SECONDS))
        at = now + max(self._plan.spacing_seconds, retry_after or 0.0, backoff)
        began = now if current.began is None else current.began
        last = began + self._plan.interval_seconds - self._plan.spacing_seconds
        if current.attempts >= _ATTEMPTS or at >= last:
            return False
        self._wait(station, at)
        return True

    def done(self, station: str, now: float, retry_after: float | None) -> None:
        """End the station's round; the next one begins when it is due, in ``retry_after`` seconds at the soonest."""
        interval, due = self._plan.interval_seconds, self._rounds[station].due + self._plan.interval_seconds
        while due < now:
            due += interval
            self.skipped += 1
        due = max(due, now + max(retry_after or 0.0, self._plan.spacing_seconds))
        self._rounds[station] = _Round(due)
        self._wait(station, due)

    def _wait(self, station: str, until: float) -> None:
        self._number += 1
        heapq.heappush(self._waiting, (until, self._number, station))
