"""A fire drill of the alerts: what waits for them, and a railway whose server can fail."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from tests.integration.prometheus import Prometheus, running
from tests.serving import serving
from tests.waiting import wait_until
from zielzeit.berlin_time import BERLIN
from zielzeit.settings import ROOT, Settings
from zielzeit.simulator import timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.server import SimulatedClock, application
from zielzeit.simulator.world import World

SPEED = 60
"""Simulated seconds a second."""


class Drill:
    """Waits for alerts, and remembers which have fired."""

    def __init__(self, prometheus: Prometheus) -> None:
        self._prometheus = prometheus
        self.fired: set[str] = set()
        """Names without prefix."""
        self.meanwhile: Callable[[], object] = lambda: None
        """Called at each look."""

    def wait_for_silence(self) -> None:
        """Wait for a moment at which no alert fires or is about to."""

        def is_silent() -> bool:
            return self._prometheus.are_rules_evaluated() and not self._prometheus.alerts("pending", "firing")

        self._wait("silence", is_silent)

    def expect(self, name: str, **labels: str) -> None:
        """Wait until an alert with these labels fires."""
        self._wait(f"{name} fires", lambda: self._is(name, labels, "firing"))
        self.fired.add(name)

    def expect_soon(self, name: str, **labels: str) -> None:
        """Wait until the expression of an alert with these labels holds: if it goes on, the alert fires."""
        self._wait(f"{name} is pending", lambda: self._is(name, labels, "pending", "firing"))

    def _is(self, name: str, labels: dict[str, str], *states: str) -> bool:
        wanted = labels | {"alertname": f"Zielzeit{name}"}
        return any(wanted.items() <= found.items() for found in self._prometheus.alerts(*states))

    def _wait(self, what: str, condition: Callable[[], bool]) -> None:
        def look() -> bool:
            self.meanwhile()
            return condition()

        try:
            wait_until(what, look)
        except AssertionError as error:
            raise AssertionError(f"{error}; active: {self._prometheus.alerts('pending', 'firing')}") from None


class Feed:
    """A railway of tomorrow, from 07:00 on, that is served like DBF, and its poller, a process of its own."""

    def __init__(self, settings: Settings, folder: Path, url: str, faults: Faults, world: World) -> None:
        self._settings, self._folder, self._url, self._faults = settings, folder, url, faults
        self._stations = folder / "stations.txt"
        self._stations.write_text("".join(f"{station.name}\n" for station in world.network.stations))
        self._poller = ExitStack()

    @classmethod
    @contextmanager
    def started(cls, settings: Settings, folder: Path) -> Iterator[Self]:
        """Serve the railway and poll it as long as the context lasts."""
        world, faults = World(timetable.build(12, seed=5)), Faults(5, {})
        day = datetime.now(UTC).astimezone(BERLIN) + timedelta(days=1)
        clock = SimulatedClock(day.replace(hour=7, minute=0, second=0).timestamp(), SPEED)
        with serving(application(world, faults, clock)) as url:
            made = cls(settings, folder, url, faults, world)
            try:
                made.start_poller()
                yield made
            finally:
                made.stop_poller()

    def fail(self, fault: str) -> None:
        """Give every reply this fault of ``zielzeit.simulator.faults``."""
        self._faults.rates.clear()
        self._faults.rates[fault] = 1.0

    def start_poller(self) -> None:
        """Start the poller, after the end of the one that runs."""
        self.stop_poller()
        command = [sys.executable, "-m", "cli.app", "poll", "--base-url", self._url, "--stations", f"@{self._stations}"]
        environment = os.environ | self._settings.as_environment() | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        self._poller.enter_context(running(command, self._folder / "poller.log", **environment))

    def stop_poller(self) -> None:
        """End the poller."""
        self._poller.close()
