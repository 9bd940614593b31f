"""Faults between a railway and its poller, each with its own rate, deterministic by seed.

Per request (drawn once per station and minute, so that an immediate retry meets the same fault): ``error500``,
``timeout``, ``throttle`` (429), ``truncated``, ``empty``, ``other-station``, ``dead-board`` (all delays 0), ``stale``
(an old board). Per station and hour: ``dead-feed``, ``half-dead-feed`` (that of a part of the station: all delays of
every other line are 0) and ``outage``, which last minutes. Per station and day: ``long-outage``, which lasts hours. In
recordings only: ``duplicate`` and ``out-of-order``.
"""

from __future__ import annotations

from itertools import islice
from typing import Self

import msgspec

from zielzeit.errors import UserError
from zielzeit.simulator import chance

PER_REQUEST = ("error500", "timeout", "throttle", "truncated", "empty", "other-station", "dead-board", "stale")
_RATES = {
    "error500": 0.02,
    "timeout": 0.005,
    "throttle": 0.01,
    "truncated": 0.01,
    "empty": 0.01,
    "other-station": 0.01,
    "dead-board": 0.01,
    "stale": 0.01,
    "dead-feed": 0.01,
    "outage": 0.02,
    "long-outage": 0.03,
    "duplicate": 0.02,
    "out-of-order": 0.02,
    "half-dead-feed": 0.01,
}
_CODES = {name: 700 + place for place, name in enumerate(_RATES)}
# Fault → seconds of (period with one draw, shortest, longest duration).
_EPISODES = {
    "outage": (3600, 4 * 60, 25 * 60),
    "dead-feed": (3600, 3 * 60, 12 * 60),
    "half-dead-feed": (3600, 3 * 60, 40 * 60),
    "long-outage": (86400, 2 * 3600, 6 * 3600),
}


class Faults(msgspec.Struct, frozen=True):
    """The faults that are on, with their rates (0 to 1)."""

    seed: int
    rates: dict[str, float]

    @classmethod
    def parse(cls, text: str, seed: int) -> Self:
        """Faults of ``all``, ``none`` or ``name=rate,…`` (a name alone has its default rate). Raises UserError."""
        if text in ("", "none"):
            return cls(seed, {})
        if text == "all":
            return cls(seed, dict(_RATES))
        rates = {}
        for part in text.split(","):
            name, _, rate = part.strip().partition("=")
            if name not in _RATES:
                raise UserError(f"--faults {name}: unknown fault; choose all, none, or some of {', '.join(_RATES)}")
            try:
                rates[name] = float(rate) if rate else _RATES[name]
            except ValueError:
                rates[name] = -1.0
            if not 0.0 <= rates[name] <= 1.0:
                raise UserError(f"--faults {part}: the rate must be a number from 0 to 1, as in {name}=0.05")
        return cls(seed, rates)

    def strikes(self, name: str, station: int, at: float) -> bool:
        """Return True if a fault that is drawn per request hits a request at epoch second ``at``."""
        rate = self.rates.get(name, 0.0)
        return rate > 0.0 and chance.uniform(self.seed, _CODES[name], station, int(at) // 60) < rate

    def lasts(self, name: str, station: int, at: float) -> bool:
        """Return True if a fault that lasts for a while is on at epoch second ``at``."""
        rate = self.rates.get(name, 0.0)
        if rate <= 0.0:
            return False
        period, shortest, longest = _EPISODES[name]
        for number in (int(at) // period - 1, int(at) // period):
            rng = chance.generator(self.seed, _CODES[name], station, number)
            if rng.random() < rate:
                begin = number * period + rng.random() * period
                if begin <= at < begin + rng.uniform(shortest, longest):
                    return True
        return False

    def at(self, station: int, at: float) -> str | None:
        """Fault that hits a request at epoch second ``at``; None for a good board."""
        if not self.rates:
            return None
        for name in ("long-outage", "outage"):
            if self.lasts(name, station, at):
                return name
        for name in PER_REQUEST:
            if self.strikes(name, station, at):
                return name
        return next((name for name in ("dead-feed", "half-dead-feed") if self.lasts(name, station, at)), None)

    def draw(self, name: str, station: int, at: float, below: int) -> int:
        """Integer in [0, below) of a fault at a moment: how old, where truncated, which other station."""
        return chance.mix(self.seed, _CODES[name], station, int(at) // 60, 1) % below

    def good_boards(self, station: int, begin: float, end: float) -> int:
        """Number of good boards that polling every three minutes gives in an interval; 2 means 2 or more."""
        good = (moment for moment in range(int(begin), int(end) + 1, 180) if self.at(station, moment) is None)
        return sum(1 for _ in islice(good, 2))
