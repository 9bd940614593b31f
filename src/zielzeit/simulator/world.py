"""The running railway: lines' days and stations' days made on demand and kept in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import date
from typing import Generic, TypeVar

import msgspec

from zielzeit.simulator.forecast import Forecast, foresee
from zielzeit.simulator.movement import move
from zielzeit.simulator.railway import Network

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_DAYS_KEPT = 3


class Call(msgspec.Struct, frozen=True):
    """A run at a station. Times are epoch seconds."""

    shows_from: int
    """Planned arrival, or departure where the run starts: the row shows from three hours before."""
    gone: int
    """On no board without ``past`` after this."""
    planned: int
    """Planned departure, or arrival where the run ends."""
    run_id: str
    stop: int
    forecast: Forecast


class World:
    """What happens in a network. Equal networks give equal worlds, whatever is asked first."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.by_name = {station.name: station.index for station in network.stations}
        self._lines: _Recent[tuple[int, date], tuple[Forecast, ...]] = _Recent(_DAYS_KEPT * len(network.lines))
        self._stations: _Recent[tuple[int, date], tuple[Call, ...]] = _Recent(_DAYS_KEPT * len(network.stations))

    def line_day(self, line: int, day: date) -> tuple[Forecast, ...]:
        """All runs of a line that start on a service day."""
        return self._lines.get(
            (line, day), lambda: tuple(foresee(run) for run in move(self.network, self.network.lines[line], day))
        )

    def station_day(self, station: int, day: date) -> tuple[Call, ...]:
        """All calls at a station of runs that start on a service day, by planned time."""
        return self._stations.get((station, day), lambda: self._calls(station, day))

    def _calls(self, station: int, day: date) -> tuple[Call, ...]:
        calls = []
        for line in self.network.lines_at[station]:
            patterns = self.network.lines[line].patterns
            here = [[stop for stop, there in enumerate(p.stops) if there == station] for p in patterns]
            for forecast in self.line_day(line, day):
                run = forecast.run
                for stop in here[run.trip.pattern]:
                    arrival = run.start + 60 * run.pattern.arrivals[stop]
                    calls.append(Call(arrival, forecast.gone(stop), forecast.planned(stop), run.id, stop, forecast))
        calls.sort(key=lambda call: (call.shows_from, call.run_id, call.stop))
        return tuple(calls)


class _Recent(Generic[K, V]):
    """The ``size`` values used last."""

    def __init__(self, size: int) -> None:
        self._size, self._kept = size, OrderedDict[K, V]()

    def get(self, key: K, make: Callable[[], V]) -> V:
        value = self._kept.get(key)
        if value is None:
            value = self._kept[key] = make()
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return value
