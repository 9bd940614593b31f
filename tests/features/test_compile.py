"""What is compiled ahead of time is what the stream calls."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zielzeit.settings import ROOT

pytestmark = pytest.mark.slow

STREAM = """
from tests.features.test_network_state import NOON, departure, seen
from zielzeit.features.network_state import Arrival, NetworkState

first = NetworkState()
seen(first, days=3)
first.forget(NOON)
state = NetworkState.from_bytes(first.to_bytes())
seen(state)
late, unknown = departure("B", ("C",), 4500, 4), departure("X", ("Y", "Z"), 4500, 4)
state.describe_later(unknown, (0, 3))
state.observe_departure(late)
state.observe_cancelled_stop("B", NOON)
state.observe_arrival(Arrival(departures=(late, unknown), delay=None, decided_at=NOON))
state.describe(late)
"""


def machine_code(folder: Path) -> set[str]:
    """Names of the files that hold machine code."""
    return {file.name for file in folder.rglob("*.nbc")}


def test_a_job_compiles_nothing_after_the_setup_has(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"src{os.pathsep}.", "NUMBA_CACHE_DIR": str(tmp_path)}

    def run(*command: str) -> None:
        subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=True)

    run("-m", "zielzeit.features.compile")
    compiled = machine_code(tmp_path)
    assert len(compiled) > 20
    run("-c", STREAM)
    assert machine_code(tmp_path) == compiled
