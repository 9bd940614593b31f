"""When each station is asked: rounds, retries and the rules of the instance, as a function of what happened.

No clock, no thread: the poller passes the time in, and so do the tests.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable
from enum import Enum, auto
from math import inf

import msgspec

from zielzeit.sources.plan import Plan

_ATTEMPTS = 4
"""Most requests of a station in one round."""
_LONGEST_BACKOFF_SECONDS = 30.0
_MOST_REST_ROUNDS = 15
"""Most rounds that a station is left out which is refused each time."""


class RoundEnd(Enum):
    """How a station's round ended."""

    GOOD = auto()
    """With a board."""
    FAILED = auto()
    """Without one; the next round may be better."""
    REFUSED = auto()
    """With a reply that says that the request itself is wrong, such as 404: so it will be in the next round."""


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

    Rounds begin at fixed times of day (``Plan.wait_seconds``): a poller that is started again and again asks the
    stations whose turn it is, and not the first one of the list each time. ``wall`` is Unix time at ``now``, seconds.

    A pause that the server asks for holds for all stations. After it one station is asked first, and the others wait
    for its reply.
    """

    def __init__(
        self, plan: Plan, now: float, wall: float, uniform: Callable[[float, float], float] = random.uniform
    ) -> None:
        self.skipped = 0
        """Rounds that passed while their station was still answering or the server asked for a pause."""
        self._plan = plan
        self._uniform = uniform
        self._gap = 60 / plan.per_minute if plan.per_minute else 0.0
        """Least seconds between two requests. Saved-up tokens would let twice the rate through in the first minute."""
        self._next_request = now
        waits = plan.wait_seconds(wall)
        self._rounds = {station: _Round(due=now + wait) for station, wait in zip(plan.stations, waits, strict=True)}
        self._waiting = [(each.due, index, station) for index, (station, each) in enumerate(self._rounds.items())]
        heapq.heapify(self._waiting)
        self._number = len(self._waiting)
        self._refusals: Counter[str] = Counter()
        """Rounds of each station that ended with a refusal since its last board."""
        self._pause_ends = -inf
        self._after_pause = False
        """Whether the next request is the first one after a pause."""
        self._probe: str | None = None
        """Station that was asked first after a pause and has not answered yet."""

    def wait_seconds(self, now: float) -> float:
        """Seconds until ``take`` returns a station; infinite while a reply has to come first."""
        if self._probe is not None or not self._waiting:
            return inf
        return max(self._waiting[0][0], self._next_request, now) - now

    def take(self, now: float) -> str | None:
        """The station to ask now, None if it is too early for any. It is under way until ``done`` or ``repeat``."""
        if self.wait_seconds(now) > 0:
            return None
        _, _, station = heapq.heappop(self._waiting)
        self._next_request = now + self._gap
        if self._after_pause:
            self._after_pause, self._probe = False, station
        current = self._rounds[station]
        current.attempts += 1
        if current.began is None:
            current.began = now
        return station

    def repeat(self, station: str, now: float) -> bool:
        """Ask the station again in this round; returns False, without doing so, if the round has no room for that.

        Backs off exponentially with full jitter, in proportion to the interval, but for no less than the rules'
        spacing.
        """
        current = self._rounds[station]
        growth = min(1.0, self._plan.interval_seconds / 20) * 2 ** (current.attempts - 1)
        backoff = self._uniform(0, min(growth, _LONGEST_BACKOFF_SECONDS))
        at = now + max(self._plan.spacing_seconds, backoff)
        began = now if current.began is None else current.began
        last = began + self._plan.interval_seconds - self._plan.spacing_seconds
        if current.attempts >= _ATTEMPTS or at >= last:
            return False
        self._wait(station, at)
        return True

    def done(self, station: str, now: float, end: RoundEnd) -> None:
        """End the station's round; the next one begins when it is due.

        A station that is refused in one round after the other is left out for 0, 1, 3, 7, 15, 15, … rounds, until
        one ends with a board.
        """
        if end is RoundEnd.GOOD:
            del self._refusals[station]
        elif end is RoundEnd.REFUSED:
            self._refusals[station] = min(self._refusals[station] + 1, _MOST_REST_ROUNDS)
        interval, due = self._plan.interval_seconds, self._rounds[station].due + self._plan.interval_seconds
        while due < now:
            due += interval
            self.skipped += 1
        due += interval * self._rounds_of_rest(station)
        due = max(due, now + self._plan.spacing_seconds)
        self._rounds[station] = _Round(due)
        self._wait(station, due)

    def pause(self, now: float, seconds: float) -> None:
        """Ask no station for so long, and then one station first.

        Stations whose turn falls into the pause come after it one by one, at the pace of the plan.
        """
        ends = now + seconds
        if ends <= self._pause_ends:
            return
        self._pause_ends = ends
        self._next_request = max(self._next_request, ends)
        self._after_pause, self._probe = True, None
        apart = self._plan.interval_seconds / len(self._plan.stations)
        self._waiting.sort()
        # Those that were due before the end keep their order, and so does the heap.
        moved = [
            (max(at, ends + place * apart), number, station)
            for place, (at, number, station) in enumerate(self._waiting)
        ]
        self._waiting = [new if old[0] < ends else old for old, new in zip(self._waiting, moved, strict=True)]
        heapq.heapify(self._waiting)

    def _rounds_of_rest(self, station: str) -> int:
        """Rounds for which a station is left out after its refusals."""
        refusals = self._refusals[station]
        return min((1 << max(0, refusals - 1)) - 1, _MOST_REST_ROUNDS)

    def _wait(self, station: str, until: float) -> None:
        """Wait with a station whose reply has come."""
        if station == self._probe:
            self._probe = None
        self._number += 1
        heapq.heappush(self._waiting, (until, self._number, station))
