"""The server answers like DBF, with its own clock, and writes its truth log."""

from __future__ import annotations

import json
import time
from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest
import requests

from tests.serving import serving
from tests.waiting import wait_until
from zielzeit.simulator import clock
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.server import SimulatedClock, application
from zielzeit.simulator.start import start_time
from zielzeit.simulator.timetable import build
from zielzeit.simulator.world import World

WORLD = World(build(6, seed=2))
START = start_time("2026-03-10T16:30").timestamp()
HOME = WORLD.network.stations[0]


class SetClock(SimulatedClock):
    """A clock that stands until the test moves it."""

    def __init__(self) -> None:
        super().__init__(START, speed=60.0)
        self.at = int(START)

    def now(self) -> int:
        return self.at


class Client:
    """Asks a server."""

    def __init__(self, url):
        self._url = url

    def get(self, path, **options):
        return requests.get(self._url + path, timeout=5, **options)


@pytest.fixture
def ticking():
    return SetClock()


@pytest.fixture
def client(ticking):
    with serving(application(WORLD, Faults(1, {}), ticking)) as url:
        yield Client(url)


@pytest.mark.parametrize("key", [HOME.name, str(HOME.eva), HOME.ds100])
def test_a_station_is_found_by_name_eva_and_ds100(client, key):
    reply = client.get(f"/{key}.json", params={"version": 3, "past": 1})
    assert reply.status_code == 200
    assert all(HOME.name in [s["name"] for s in row["route"]] for row in reply.json()["departures"])


def test_the_date_header_is_the_simulated_clock(client, ticking):
    first = parsedate_to_datetime(client.get("/clock.json").headers["date"])
    ticking.at += 90
    reply = client.get(f"/{HOME.eva}.json")
    second = parsedate_to_datetime(reply.headers["date"])
    assert len(reply.raw.headers.getlist("date")) == 1
    assert first.timestamp() == START
    assert (second - first).total_seconds() == 90


def test_a_clock_passes_as_fast_as_it_was_told(monkeypatch):
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    passing = SimulatedClock(START, speed=60.0, elapsed=5.0)
    monkeypatch.setattr(time, "monotonic", lambda: 1002.0)
    assert passing.now() == START + 7 * 60


def test_a_mistyped_name_gets_the_nearest_station_silently(client):
    wrong = HOME.name[:2] + HOME.name[3:]
    assert client.get(f"/{wrong}.json").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/Hbf.json", 300, "Ambiguous station name"),
        ("/1234567.json", 500, "404"),
        (f"/{HOME.eva}.json?version=1", 300, "JSON API version=1 is no longer supported"),
    ],
)
def test_errors_are_dbfs(client, path, status, text):
    reply = client.get(path)
    assert reply.status_code == status
    assert text in reply.json()["error"]


def test_stations_are_listed(client):
    assert len(client.get("/stations.json").json()["stations"]) == 6


def test_the_truth_is_written_while_the_server_runs(tmp_path, ticking):
    path = tmp_path / "truth.jsonl"
    ticking.at += 3600
    with serving(application(WORLD, Faults(1, {}), ticking, path)):
        wait_until("ten lines of truth", lambda: path.exists() and path.read_bytes().count(b"\n") > 10)
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert all(datetime.fromisoformat(record["known_at"]).timestamp() <= ticking.at for record in records)


def test_a_start_without_offset_is_local():
    assert start_time("2026-07-01T12:00").utcoffset() == clock.local(1_782_900_000).utcoffset()
