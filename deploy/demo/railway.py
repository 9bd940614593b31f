"""Source of the demo's boards: a simulated railway and its poller, as programs of the local stack."""

from __future__ import annotations

import os
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from deploy.local.added_programs import AddedProgram
from deploy.local.addresses import Address
from zielzeit.settings import CHECKOUT, Settings
from zielzeit.simulator.clock import BERLIN
from zielzeit.simulator.timetable import build

PART = "demo"
_PYTHON_PATH = {} if CHECKOUT is None else {"PYTHONPATH": os.pathsep.join([str(CHECKOUT / "src"), str(CHECKOUT)])}
HOST = "127.0.0.1"
_PORT = 8090
_FIRST_HOUR = 7
"""Hour of simulated time at the start: the morning peak, after an hour of departures that can be decided at once."""


class Railway(msgspec.Struct, frozen=True, kw_only=True):
    """A simulated railway and its clock."""

    stations: int
    seed: int
    speed: float
    """Simulated seconds per second."""
    start: datetime
    """Simulated time at ``began``."""
    began: float
    """Real time, seconds since 1970."""
    port: int

    @property
    def url(self) -> str:
        """URL where the railway answers like DBF."""
        return f"http://{HOST}:{self.port}"

    def now(self) -> datetime:
        """Simulated time, Europe/Berlin."""
        return datetime.fromtimestamp(self.start.timestamp() + (time.time() - self.began) * self.speed, BERLIN)


def begin(stations: int, seed: int, speed: float) -> Railway:
    """A railway whose clock starts now, at 07:00 of today."""
    today = datetime.now(UTC).astimezone(BERLIN)
    return Railway(
        stations=stations,
        seed=seed,
        speed=speed,
        start=today.replace(hour=_FIRST_HOUR, minute=0, second=0, microsecond=0),
        began=time.time(),
        port=_free_port(_PORT),
    )


def programs(railway: Railway, settings: Settings, folder: Path) -> list[AddedProgram]:
    """The simulator and the poller of all its stations; ``folder`` takes their list and the truth log.

    Raises UserError if the railway cannot be built.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = folder / "stations.txt"
    names.write_text("".join(f"{station.name}\n" for station in build(railway.stations, railway.seed).stations))
    described = msgspec.json.encode(railway).decode()
    simulator = AddedProgram(
        name="simulator",
        part=PART,
        command=(sys.executable, "-m", "deploy.demo.simulator", described, str(folder / "truth.jsonl")),
        environment=_PYTHON_PATH,
        address=Address(HOST, railway.port),
        url=railway.url,
        health_url=f"{railway.url}/clock.json",
        priority=50,
    )
    poller = AddedProgram(
        name="poller",
        part=PART,
        command=(sys.executable, "-m", "deploy.demo.poller", described, str(names)),
        environment=_PYTHON_PATH
        | {
            "ZIELZEIT_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
            "ZIELZEIT_TOPIC_PREFIX": settings.topic_prefix,
            "ZIELZEIT_TOPIC_PARTITIONS": str(settings.topic_partitions),
            "ZIELZEIT_BOARDS_AHEAD_MINUTES": str(settings.boards_ahead_minutes),
            "ZIELZEIT_POLL_INTERVAL_SECONDS": str(settings.poll_interval_seconds),
        },
        priority=60,
    )
    return [simulator, poller]


def _free_port(preferred: int) -> int:
    """The preferred port, or one that the system picks if that is taken."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AssertionError("the system has a free port")
