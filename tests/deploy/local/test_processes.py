"""Ports and processes are found by asking the system, and whoever holds a port is named."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from deploy.local.addresses import Address
from deploy.local.processes import MARK, belonging_to, end, taken_ports


def test_a_taken_port_is_said_with_its_owner() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (sentence,) = taken_ports({"Kafka": Address("127.0.0.1", port)})
    assert sentence.startswith(f"port {port} for Kafka is taken by ")
    assert f"process {os.getpid()}" in sentence
    assert taken_ports({"Kafka": Address("127.0.0.1", port)}) == []


def test_processes_are_found_by_their_mark_though_their_parent_is_gone(tmp_path: Path) -> None:
    child = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {_STUBBORN!r}])"
    environment = {**os.environ, MARK: str(tmp_path)}
    subprocess.run([sys.executable, "-c", child], env=environment, check=True)
    deadline = time.monotonic() + 10
    while not (orphans := belonging_to(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(orphans) == 1
    assert belonging_to(tmp_path / "other") == []
    end(orphans, patience_seconds=0.5)
    assert belonging_to(tmp_path) == []


_STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
