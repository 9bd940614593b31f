"""What is told early beside what is decided and what really happened: minutes, delays, shares. Without a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, cast

import msgspec

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision.arrival import Arrival
from zielzeit.decision.decider import Decider, Output
from zielzeit.decision.early import EarlyDeparture, EarlyDepartures, ToldTrains
from zielzeit.decision.offline import RecordedBoard
from zielzeit.decision.state import StationState
from zielzeit.evaluation.comparison import TrueStop
from zielzeit.events.structs import Decision
from zielzeit.stations.board_key import board_keys
from zielzeit.stations.table import register

PERIOD: Final = 6 * 60 * MINUTE
"""Length of a period of the cross-validation, milliseconds."""


class _Station:
    def __init__(self) -> None:
        self.state = StationState()
        self.memory: dict[str, bytes] = {}
        self.told = ToldTrains()


def tell(
    boards: Iterable[RecordedBoard], decider: Decider, minutes: int
) -> Iterator[tuple[Milliseconds, Output | EarlyDeparture]]:
    """Yield what boards sorted by time tell early and decide, as they arrive, with the time of the board.

    A decision comes with its board and not after the grace: nothing arrives late here. ``minutes``: the setting
    ``early_minutes``, at least 1.
    """
    sight, key = EarlyDepartures(decider, minutes), board_keys(register(decider.stations))
    stations: dict[str, _Station] = {}
    for board in boards:
        name, at = key(board.station), berlin_time.milliseconds(board.polled_at)
        here = stations.setdefault(name, _Station())
        if at <= here.state.frontier:
            continue
        outputs = list(decider.take(name, here.state, here.memory, board.body, at))
        arrived = Arrival(decider.here(name, here.state), here.state, here.memory, at, outputs)
        steps = sight.on_arrival(arrived, here.told), sight.on_turn(outputs, here.told)
        yield from ((at, cast(EarlyDeparture, early)) for step in steps for early in step.outputs)
        for output in outputs:
            yield at, output


class ToldDeparture(msgspec.Struct, frozen=True):
    """A departure that was told early, decided, and whose truth is known. Minutes."""

    first: EarlyDeparture
    early_wait: float
    """From the true departure to the board that told it."""
    decided_wait: float
    """From the true departure to the decision."""
    shown: int
    """Delay told first."""
    decided: int
    true: int
    revised: bool
    period: int


class EarlyComparison(msgspec.Struct, frozen=True):
    """Early records beside decisions and truth."""

    departures: list[ToldDeparture]
    """Those that truly left and were told, in order of time."""
    untold: int
    """Departures that were decided and never told."""
    told: int
    """Departures told, whatever became of them."""
    retracted: int
    revised: int


def compare_early(
    boards: Iterable[RecordedBoard], truth: Iterable[TrueStop], decider: Decider, minutes: int
) -> EarlyComparison:
    """Compare what is told early of recorded boards with the decisions and the truth."""
    key = board_keys(register(decider.stations))
    begun: dict[str, Milliseconds] = {}

    def seen() -> Iterator[RecordedBoard]:
        for board in boards:
            begun.setdefault(key(board.station), berlin_time.milliseconds(board.polled_at))
            yield board

    true = {one.id: one for one in (msgspec.structs.replace(stop, station=key(stop.station)) for stop in truth)}
    first: dict[str, EarlyDeparture] = {}
    revised, retracted, untold = set[str](), set[str](), 0
    departures = []
    for _, output in tell(seen(), decider, minutes):
        if isinstance(output, EarlyDeparture):
            first.setdefault(output.shown.id, output)
            if output.stage != "early":
                (revised if output.stage == "revised" else retracted).add(output.shown.id)
        elif isinstance(output, Decision) and output.kind == "departed":
            told, stop = first.get(output.id), true.get(output.id)
            if told is None:
                untold += 1
            elif stop is not None and _is_measurable(stop, begun):
                departures.append(_told_departure(told, output, stop, revised=output.id in revised))
    return EarlyComparison(departures, untold, len(first), len(retracted), len(revised))


def _is_measurable(stop: TrueStop, begun: dict[str, Milliseconds]) -> bool:
    """Return True for a departure whose delay is known and that left when boards were there: not before the first."""
    known = stop.kind == "departed" and stop.delay is not None and not stop.undecidable
    return known and stop.left >= begun[stop.station]


def _told_departure(told: EarlyDeparture, decided: Decision, stop: TrueStop, *, revised: bool) -> ToldDeparture:
    return ToldDeparture(
        first=told,
        early_wait=(berlin_time.milliseconds(told.shown.decided_at) - stop.left) / MINUTE,
        decided_wait=(berlin_time.milliseconds(decided.decided_at) - stop.left) / MINUTE,
        shown=told.shown.delay or 0,
        decided=decided.delay or 0,
        true=stop.delay or 0,
        revised=revised,
        period=stop.left // PERIOD,
    )
