"""ZooKeeper counts as up when it serves requests, keeps little on the disk, and forgets nothing when it is killed."""

from __future__ import annotations

import os
import signal
import socketserver
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local import zookeeper
from deploy.local.folders import Folders
from tests.conftest import stack_settings
from tests.serving import answering
from tests.waiting import wait_until
from zielzeit.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return stack_settings(tmp_path / "100 % local")


@contextmanager
def running(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(zookeeper.command(settings), stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as process:
        try:
            wait_until("ZooKeeper serves requests", lambda: zookeeper.answers(settings, 2), timeout_seconds=60)
            yield process
        finally:
            process.kill()


@pytest.mark.integration
def test_a_real_one_is_up_again_after_a_kill(settings: Settings) -> None:
    assert not zookeeper.answers(settings, 2)
    zookeeper.prepare(settings)
    with running(settings) as process:
        os.kill(process.pid, signal.SIGKILL)
    assert not zookeeper.answers(settings, 2)
    with running(settings):
        data = Folders.of(settings).flink / "high-availability" / "zookeeper"
        assert sum(file.stat().st_size for file in data.rglob("*")) < 4e6


@pytest.mark.parametrize(
    ("reply", "up"),
    [
        (b"Zookeeper version: 3.9.4\nMode: standalone\nNode count: 5\n", True),
        (b"This ZooKeeper instance is not currently serving requests\n", False),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
        (b"", False),
    ],
)
def test_a_port_that_answers_is_not_enough(settings: Settings, reply: bytes, up: bool) -> None:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            assert self.request.recv(4) == b"srvr"
            self.request.sendall(reply)

    with socketserver.TCPServer(tuple(zookeeper.address(settings)), Handler) as server, answering(server):
        assert zookeeper.answers(settings, 2) is up
