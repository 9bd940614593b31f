"""The running railway: the runs of lines and the calls at stations, computed per day on demand and cached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache

import msgspec

from zielzeit.simulator.forecast import Forecast, foresee
from zielzeit.simulator.movement import move
from zielzeit.simulator.railway import Network

_DAYS_KEPT = 3


class Call(msgspec.Struct, frozen=True):
    """A run at a station. Times are epoch seconds."""

    shows_from: int
    """Planned arrival, or departure if the run starts here: its row is shown from three hours before."""
    gone: int
    """After this the row is on no board without ``past``."""
    planned: int
    """Planned departure, or arrival if the run ends here."""
    run_id: str
    stop: int
    forecast: Forecast


class World:
    """What happens in a network. Equal networks give equal worlds, whatever is asked first."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.by_name = {station.name: station.index for station in network.stations}
        self.line_day: Callable[[int, date], tuple[Forecast, ...]] = lru_cache(_DAYS_KEPT * len(network.lines))(
            self._runs
        )
        """(line, service day) → all runs of the line that start on the day."""
        self.station_day: Callable[[int, date], tuple[Call, ...]] = lru_cache(_DAYS_KEPT * len(network.stations))(
            self._calls
        )
        """(station, service day) → all calls at the station of runs that start on the day, by planned time."""

    def _runs(self, line: int, day: date) -> tuple[Forecast, ...]:
        return tuple(foresee(run) for run in move(self.network, self.network.lines[line], day))

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
