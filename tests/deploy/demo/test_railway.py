"""The demo's simulator is a process of its own that goes on where simulated time is, however often it is started."""

from __future__ import annotations

import json
import os
import subprocess
import time
from datetime import datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from deploy.demo import railway
from zielzeit.settings import load


def test_the_simulator_keeps_the_railways_time_over_a_restart(tmp_path: Path) -> None:
    simulated = railway.begin(stations=5, seed=1, speed=60.0)
    simulator, poller = railway.programs(simulated, load(), tmp_path)
    assert "stations.txt" in poller.command[-1]
    clocks = []
    for _ in range(2):
        with subprocess.Popen(simulator.command, cwd=tmp_path, env={**os.environ, **simulator.environment}) as process:
            try:
                clock = _answer(simulator.health_url)
                clocks.append(datetime.fromisoformat(clock["now"]))
                assert abs((simulated.now() - clocks[-1]).total_seconds()) < 60
            finally:
                process.terminate()
    assert clocks[0] < clocks[1]
    assert len((tmp_path / "stations.txt").read_text().splitlines()) == 5


def _answer(url: str) -> dict[str, str]:
    for _ in range(200):
        try:
            with urlopen(url, timeout=5) as reply:  # noqa: S310 - our own simulator
                return json.load(reply)
        except URLError:
            time.sleep(0.1)
    pytest.fail(f"{url} does not answer")
