"""The local stack on real processes: it comes up, stays up, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import psutil
import pytest
import requests

from deploy.local.addresses import kafka_address
from deploy.local.processes import belonging_to
from deploy.local.stack import Stack, Status
from tests.conftest import stack_settings
from tests.waiting import wait_until
from zielzeit.errors import UserError

pytestmark = pytest.mark.integration


def _pids(statuses: list[Status]) -> dict[str, int | None]:
    return {status.name: status.pid for status in statuses}


def test_a_second_up_starts_nothing_anew(stack: Stack) -> None:
    assert _pids(stack.up()) == _pids(stack.status())


def test_a_killed_task_manager_comes_back_and_is_counted(stack: Stack) -> None:
    (before,) = [status for status in stack.status() if status.name == "taskmanager-1"]
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    psutil.wait_procs([process for process in psutil.process_iter() if process.pid == before.pid], timeout=10)

    def again() -> Status | None:
        (now,) = [status for status in stack.status() if status.name == "taskmanager-1"]
        return now if now.state == "up" and now.restarts == before.restarts + 1 else None

    after = wait_until("taskmanager-1 is up again", again, timeout_seconds=60)
    assert after.pid not in (None, before.pid)
    assert "taskmanager-1 ended unexpectedly" in stack.folders.journal.read_text()
    overview = requests.get(f"{stack.settings.flink_rest}/overview", timeout=5).json()
    assert overview["taskmanagers"] == stack.settings.task_managers


def test_down_leaves_no_process_even_after_the_runner_was_killed(tmp_path: Path) -> None:
    small = Stack(stack_settings(tmp_path))
    try:
        (kafka,) = small.up({"kafka"})
        assert kafka.state == "up"
        assert small.down({"kafka"}) == 1
        assert small.status()[0].state == "down"
        small.up({"kafka"})
        assert small.down() > 0
        assert belonging_to(small.folders.root) == []
        assert small.down() == small.down({"kafka"}) == 0

        small.up({"kafka"})
        os.kill(int(small.folders.supervisor_pid.read_text()), signal.SIGKILL)
        assert small.down() > 0
        assert belonging_to(small.folders.root) == []
    finally:
        small.down()


def test_a_taken_port_is_said_before_anything_is_started(tmp_path: Path) -> None:
    small = Stack(stack_settings(tmp_path))
    with socket.create_server(kafka_address(small.settings)):
        with pytest.raises(UserError, match=f"is taken by .*process {os.getpid()}"):
            small.up({"kafka"})
        assert belonging_to(small.folders.root) == []


def test_an_unknown_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no part flnk"):
        Stack(stack_settings(tmp_path)).up({"flnk"})
