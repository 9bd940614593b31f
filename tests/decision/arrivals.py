"""Boards folded as they arrive, in any order, and what is told early of them: the simplest driver there can be."""

from __future__ import annotations

from typing import Any

from tests.decision.handmade import HERE, at, body
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision.arrival import Arrival
from zielzeit.decision.decider import Decider, Output
from zielzeit.decision.early import EarlyDeparture, EarlyDepartures, ToldTrains
from zielzeit.decision.rules import Rules
from zielzeit.decision.state import StationState
from zielzeit.events.structs import Decision


class Arrivals:
    """One station. All boards are folded anew at each arrival, those that came too late for their turn are dropped."""

    def __init__(self, minutes: int = 3, waiting: Rules | None = None, *, grace: int = 5, name: str = HERE) -> None:
        self.name, self.grace = name, grace * MINUTE
        self.decider = Decider(waiting or Rules(), grace)
        self.sight = EarlyDepartures(self.decider, minutes)
        self.told = ToldTrains()
        self.records: list[EarlyDeparture] = []
        self.decided: list[Decision] = []
        """What is decided for good."""
        self._boards: list[tuple[Milliseconds, bytes]] = []
        self._newest = Milliseconds(0)
        self._final = Milliseconds(0)

    def board(self, time: str, *rows: dict[str, Any]) -> list[EarlyDeparture]:
        """What a board with these rows tells."""
        return self.arrive(at(time), body(*rows) + b" " * (len(self._boards) % 2))

    def arrive(self, polled_at: Milliseconds, value: bytes) -> list[EarlyDeparture]:
        """What a body tells."""
        before = len(self.records)
        if polled_at > self._final and polled_at not in dict(self._boards):
            self._boards = sorted([*self._boards, (polled_at, value)])
            self._newest = max(self._newest, polled_at)
            station, memory, outputs = self._fold(self._newest)
            fresh = [output for board, _, output in outputs if board >= polled_at]
            self._record(self.sight.on_arrival(Arrival(self.name, station, memory, self._newest, fresh), self.told))
            self._pass(Milliseconds(self._newest - self.grace))
        return self.records[before:]

    def until(self, time: str) -> list[EarlyDeparture]:
        """What is told when the turn of all has come up to a time."""
        before = len(self.records)
        self._pass(at(time))
        return self.records[before:]

    def _pass(self, final: Milliseconds) -> None:
        """Emit what has its turn up to an instant and had not before."""
        _, _, outputs = self._fold(final)
        fresh = [output for _, since, output in outputs if since > self._final]
        self._final = max(self._final, final)
        self.decided += [one for one in fresh if isinstance(one, Decision)]
        self._record(self.sight.on_turn(self.name, fresh, self.told))

    def _fold(self, to: Milliseconds) -> tuple[StationState, dict[str, bytes], list[tuple[int, int, Output]]]:
        """The station after all boards up to an instant, and what they led to: board, time, output."""
        station, memory = StationState(), dict[str, bytes]()
        outputs: list[tuple[int, int, Output]] = []
        for polled_at, value in self._boards:
            if polled_at <= to:
                passed = self.decider.pass_time(self.name, station, memory, Milliseconds(polled_at - 1))
                outputs += [(polled_at, self._at(one, polled_at), one) for one in passed]
                taken = self.decider.take(self.name, station, memory, value, polled_at)
                outputs += [(polled_at, self._at(one, polled_at), one) for one in taken]
        if self._boards and to > self._newest:
            passed = self.decider.pass_time(self.name, station, memory, to)
            outputs += [(to, self._at(one, to), one) for one in passed]
        return station, memory, outputs

    def _at(self, output: Output, otherwise: Milliseconds) -> int:
        if isinstance(output, Decision):
            return round(output.decided_at.timestamp() * 1000) - self.grace
        return otherwise

    def _record(self, step: Any) -> None:
        self.records += step.outputs
        self.told = self.sight.decode(kept) if (kept := self.sight.encode(self.told)) else self.sight.new()
