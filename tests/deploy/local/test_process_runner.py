"""A real process runner with made-up programs."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from deploy.local.folders import Folders
from deploy.local.process_runner import Runner
from deploy.local.programs import Program


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """Folders of a stack that is not started."""
    folder = Folders(tmp_path)
    folder.logs.mkdir(parents=True)
    return folder


def program(name: str, version: str) -> Program:
    return Program(
        name=name,
        part="kafka",
        command=["sleep", "60"],
        environment={"VERSION": version},
        healthy=bool,
        priority=1,
    )


def version(runner: Runner, name: str) -> str:
    """The environment's version of a program that runs."""
    process, deadline = psutil.Process(runner.states()[name]["pid"]), time.monotonic() + 20
    # Before it is the program it is a copy of the runner, without the program's environment.
    while "VERSION" not in (environment := process.environ()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return environment["VERSION"]


def test_a_changed_configuration_stops_no_program_and_counts_from_its_next_start(folders: Folders) -> None:
    runner = Runner(folders)
    runner.ensure([program("runs", "1"), program("idle", "1")])
    try:
        runner.start("runs")
        before = runner.states()["runs"]["pid"]
        runner.ensure([program("runs", "2"), program("idle", "2")])
        runner.start("idle")
        assert runner.states()["runs"]["pid"] == before
        assert (version(runner, "runs"), version(runner, "idle")) == ("1", "2")
        runner.stop("runs")
        runner.ensure([program("runs", "2"), program("idle", "2")])
        runner.start("runs")
        assert version(runner, "runs") == "2"
        runner.ensure([program("runs", "2")])
        assert "idle" not in runner.states()
    finally:
        runner.shutdown()
        deadline = time.monotonic() + 20
        while runner.is_running() and time.monotonic() < deadline:
            time.sleep(0.1)
    assert not runner.is_running()
