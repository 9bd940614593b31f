"""A fire drill of the alerts: what waits for them, and a railway whose server can fail."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from typing import Self

from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response

from tests.integration.prometheus import Prometheus, running
from tests.serving import serving
from tests.waiting import wait_until
from zielzeit.berlin_time import BERLIN
from zielzeit.settings import ROOT, Settings
from zielzeit.simulator import timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.server import SimulatedClock, application
from zielzeit.simulator.world import World
from zielzeit.sources.reply_times import SIMULATED_SERVER

SPEED = 60
"""Simulated seconds a second."""


class Drill:
    """Waits for alerts."""

    def __init__(self, prometheus: Prometheus) -> None:
        self._prometheus = prometheus

    def assert_silent(self, *names: str) -> None:
        """Of these alerts none fires or is about to. Raises AssertionError otherwise."""
        assert not self._active(*names)

    def wait_for_silence(self, *names: str) -> None:
        """Wait for a moment at which none of these alerts fires or is about to."""
        self._wait(f"silence of {', '.join(names)}", lambda: not self._active(*names))

    def expect(self, name: str, **labels: str) -> None:
        """Wait until an alert with these labels fires."""
        self._wait(f"{name} fires", lambda: self._is(name, labels, "firing"))

    def expect_soon(self, name: str, **labels: str) -> None:
        """Wait until the expression of an alert with these labels holds: if it goes on, the alert fires."""
        self._wait(f"{name} is pending", lambda: self._is(name, labels, "pending", "firing"))

    def _active(self, *names: str) -> list[dict[str, str]]:
        wanted = {f"Zielzeit{name}" for name in names}
        return [one for one in self._prometheus.alerts("pending", "firing") if one["alertname"] in wanted]

    def _is(self, name: str, labels: dict[str, str], *states: str) -> bool:
        wanted = labels | {"alertname": f"Zielzeit{name}"}
        return any(wanted.items() <= found.items() for found in self._prometheus.alerts(*states))

    def _wait(self, what: str, condition: Callable[[], bool]) -> None:
        try:
            wait_until(what, condition)
        except AssertionError as error:
            raise AssertionError(f"{error}; active: {self._prometheus.alerts('pending', 'firing')}") from None


NO_TRAINS = "no-trains"
"""A fault of the server of a drill: every board is empty."""


class RailwayClock(SimulatedClock):
    """Simulated time that can stand still and be set."""

    def run_from(self, start: datetime, speed: float = SPEED) -> None:
        """It is ``start`` now; time goes on at ``speed``."""
        self.start, self.speed, self._zero = start.timestamp(), speed, time.monotonic()

    def stand(self) -> None:
        """Let time stand still."""
        self.run_from(datetime.fromtimestamp(self.now(), BERLIN), 0.0)

    def go(self) -> None:
        """Let time go on where it stands."""
        self.run_from(datetime.fromtimestamp(self.now(), BERLIN))


def tomorrow(hour: int) -> datetime:
    """An hour of tomorrow: boards that are never behind the clock."""
    day = datetime.now(UTC).astimezone(BERLIN) + timedelta(days=1)
    return day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=hour)


def _application(world: World, faults: Faults, clock: RailwayClock) -> Starlette:
    """The simulated railway's server, which has the fault ``NO_TRAINS`` as well."""
    served = application(world, faults, clock)

    async def answer(request: Request, usual: RequestResponseEndpoint) -> Response:
        if NO_TRAINS not in faults.rates:
            return await usual(request)
        headers = {"date": formatdate(clock.now(), usegmt=True), "server": SIMULATED_SERVER}
        return Response(b'{"departures": []}', headers=headers, media_type="application/json")

    served.add_middleware(BaseHTTPMiddleware, dispatch=answer)
    return served


class Feed:
    """A railway of tomorrow, from 07:00 on, that is served like DBF, and its poller, a process of its own."""

    def __init__(
        self, settings: Settings, folder: Path, url: str, faults: Faults, world: World, clock: RailwayClock
    ) -> None:
        self._settings, self._folder, self._url, self._faults = settings, folder, url, faults
        self.world, self.clock = world, clock
        self._stations = folder / "stations.txt"
        self._stations.write_text("".join(f"{station.name}\n" for station in world.network.stations))
        self._poller = ExitStack()

    @classmethod
    @contextmanager
    def started(cls, settings: Settings, folder: Path, stations: int = 12) -> Iterator[Self]:
        """Serve the railway and poll it as long as the context lasts."""
        world, faults = World(timetable.build(stations, seed=5)), Faults(5, {})
        clock = RailwayClock(tomorrow(7).timestamp(), SPEED)
        with serving(_application(world, faults, clock)) as url:
            made = cls(settings, folder, url, faults, world, clock)
            try:
                made.start_poller()
                yield made
            finally:
                made.stop_poller()

    def fail(self, fault: str, rate: float = 1.0) -> None:
        """Give replies this fault of ``zielzeit.simulator.faults``, at rate 1 all of them, or all ``NO_TRAINS``."""
        self.mend()
        self._faults.rates[fault] = rate

    def mend(self) -> None:
        """Answer without faults."""
        self._faults.rates.clear()

    def start_poller(self) -> None:
        """Start the poller, after the end of the one that runs."""
        self.stop_poller()
        command = [sys.executable, "-m", "cli.app", "poll", "--base-url", self._url, "--stations", f"@{self._stations}"]
        environment = os.environ | self._settings.as_environment() | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        self._poller.enter_context(running(command, self._folder / "poller.log", **environment))

    def stop_poller(self) -> None:
        """End the poller."""
        self._poller.close()
