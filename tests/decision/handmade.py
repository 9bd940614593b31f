"""Boards made by hand for tests of the decision, and a station that takes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from zielzeit import berlin_time
from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.decider import Decider, Output, RejectedBoard
from zielzeit.decision.rules import Rules
from zielzeit.decision.state import StationState
from zielzeit.events.structs import Decision

HERE = "Musterstadt Hbf"
DAY = "2026-03-10"
THROUGH = ("Anfang", "Vorher", HERE, "Nachher", "Ende")
FROM_HERE = (HERE, "Nachher", "Ende")
TO_HERE = ("Anfang", "Vorher", HERE)


def row(
    number: str = "4711",
    departure: str | None = "12:05",
    delay: int | None = 0,
    *,
    arrival: str | None = None,
    train: str = "RE 7",
    arrival_delay: int | None = None,
    cancelled: bool = False,
    realtime: bool = True,
    route: Iterable[str | dict[str, Any]] | None = None,
    destination: str = "Ende",
    **more: Any,
) -> dict[str, Any]:
    """A row with all keys that DBF sends; with ``arrival`` a through train, with ``departure=None`` one that ends."""
    stops = route or (FROM_HERE if arrival is None else THROUGH if departure else TO_HERE)
    return {
        "delayArrival": None if arrival is None else delay if arrival_delay is None else arrival_delay,
        "delayDeparture": None if departure is None else delay,
        "destination": destination if departure else HERE,
        "isCancelled": int(cancelled),
        "messages": {"delay": [], "qos": []},
        "missingRealtime": not realtime,
        "platform": "3",
        "route": [{"name": stop} if isinstance(stop, str) else stop for stop in stops],
        "scheduledArrival": arrival,
        "scheduledDeparture": departure,
        "scheduledPlatform": "3",
        "train": train,
        "trainClasses": ["N"],
        "trainNumber": number,
        "via": [],
    } | more


def body(*rows: dict[str, Any]) -> bytes:
    """A board's body."""
    return json.dumps({"departures": rows}, ensure_ascii=False).encode()


def at(time: str) -> Milliseconds:
    """Milliseconds of ``HH:MM[:SS]`` on the tests' day, or of an ISO time, in Berlin where it names no offset."""
    given = datetime.fromisoformat(time if "T" in time else f"{DAY}T{time}")
    return berlin_time.milliseconds(given if given.tzinfo else given.replace(tzinfo=berlin_time.BERLIN))


def clock_time(moment: datetime) -> str:
    """``HH:MM`` in Berlin."""
    return moment.astimezone(berlin_time.BERLIN).strftime("%H:%M")


class Watched:
    """A station whose boards are decided one after the other; remembers all that came of it."""

    def __init__(self, rules: Rules | None = None, *, grace: int = 0, name: str = HERE) -> None:
        self.name = name
        self.decider = Decider(rules or Rules(), grace, all_planned_stops=True)
        self.station, self.memory = StationState(), dict[str, bytes]()
        self.outputs: list[Output] = []
        self._boards = 0

    def board(self, time: str, *rows: dict[str, Any]) -> list[Decision]:
        """What a board with these rows decides. Its body differs from all before, as a living board's does."""
        self._boards += 1
        return self.bytes(time, body(*rows) + b" " * self._boards)

    def bytes(self, time: str, value: bytes) -> list[Decision]:
        """What a body decides."""
        return self._keep(self.decider.take(self.name, self.station, self.memory, value, at(time)))

    def late(self, time: str, *rows: dict[str, Any]) -> list[Decision]:
        """What a board from before the frontier adds."""
        return self._keep(self.decider.take_late(self.name, self.station, self.memory, body(*rows), at(time)))

    def until(self, time: str) -> list[Decision]:
        """What falls due without boards."""
        return self._keep(self.decider.pass_time(self.name, self.station, self.memory, at(time)))

    def every_three_minutes(self, first: str, last: str, *rows: dict[str, Any]) -> list[Decision]:
        """The same rows on each board from ``first`` to ``last``."""
        decisions = []
        for moment in range(at(first), at(last) + 1, 180_000):
            iso = berlin_time.datetime_of(Milliseconds(moment)).isoformat()
            decisions += self.board(iso, *rows)
        return decisions

    @property
    def decisions(self) -> list[Decision]:
        """All decisions so far, without first sights."""
        return [o for o in self.outputs if isinstance(o, Decision)]

    @property
    def refused(self) -> list[str]:
        """Why boards were not believed or understood."""
        return [o.reason for o in self.outputs if isinstance(o, RejectedBoard)]

    def kinds(self) -> list[str]:
        """Kinds of all decisions so far, in order."""
        return [decision.kind for decision in self.decisions]

    def _keep(self, found: Iterable[Output]) -> list[Decision]:
        new = list(found)
        self.outputs += new
        return [o for o in new if isinstance(o, Decision)]
