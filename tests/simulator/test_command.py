"""``zielzeit simulate`` records what it says, and refuses what cannot be with a sentence and exit code 2."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta

import polars as pl
import pytest
import requests

from zielzeit.berlin_time import BERLIN
from zielzeit.settings import ROOT


def simulate(*flags: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli.app", "simulate", *map(str, flags)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_recording_says_what_it_holds(tmp_path):
    boards, truth = tmp_path / "boards.jsonl.zst", tmp_path / "truth.jsonl"
    done = simulate("--stations", 5, "--hours", 1, "--boards", boards, "--truth", truth, "--start", "2026-03-10T12:00")
    assert done.returncode == 0, done.stderr
    assert "100 boards" in done.stdout
    assert len(truth.read_text().splitlines()) > 20


def test_history_without_a_start_ends_yesterday(tmp_path):
    assert simulate("--stations", 5, "--days", 2, "--history", tmp_path / "stops.parquet").returncode == 0
    yesterday = datetime.now(BERLIN).date() - timedelta(days=1)
    assert pl.read_parquet(tmp_path / "stops.parquet")["date"].min() == yesterday - timedelta(days=1)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--stations", 4), "5 to 5400"),
        (("--start", "soon"), "not an ISO 8601 time"),
        (("--faults", "fire"), "unknown fault"),
        (("--boards", "x.txt"), ".jsonl"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(flags, message):
    done = simulate(*flags)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = simulate("--port", taken.getsockname()[1])
    assert done.returncode == 2
    assert "another --port" in done.stderr


def test_the_server_stops_quietly_at_ctrl_c():
    port = free_port()
    command = [sys.executable, "-m", "cli.app", "simulate", "--port", str(port), "--stations", "5"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, env={**os.environ}) as server:
        for _ in range(100):
            try:
                listing = requests.get(f"http://127.0.0.1:{port}/stations.json", timeout=5).json()
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=10)
    assert len(listing["stations"]) == 5
    assert server.returncode == 0
    assert b"Traceback" not in errors
