"""Processes of a stack and owners of ports, asked from the operating system instead of pid files."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

from deploy.local.addresses import Address

MARK = "ZIELZEIT_STACK_OF"
"""Environment variable that every process of a stack inherits; its value is the stack's folder.

It finds all of them even if their parents have ended, and unlike a process id it is never reused.
"""


def belonging_to(root: Path) -> list[psutil.Process]:
    """Every living process of the stack in this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(root) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):  # gone, or somebody else's
            continue
    return found


def end(processes: Iterable[psutil.Process], patience_seconds: float) -> None:
    """Terminate the processes; kill those that have not ended in time."""
    remaining = list(processes)
    for signal_name in ("terminate", "kill"):
        for process in remaining:
            try:
                getattr(process, signal_name)()
            except psutil.NoSuchProcess:
                continue
        _, remaining = psutil.wait_procs(remaining, timeout=patience_seconds)


def taken_ports(ports: Mapping[str, Address]) -> list[str]:
    """A sentence for each port that another process listens on."""
    sentences = []
    for what, address in ports.items():
        if not _is_taken(address):
            continue
        owner = _listener(address.port)
        by = f"{_describe(owner)}, process {owner.pid}" if owner else "a process of another user"
        sentences.append(f"port {address.port} for {what} is taken by {by}")
    return sentences


def _is_taken(address: Address) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # A connection that lingers after its server's end is no obstacle: servers set this too.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return True
        return False


def _listener(port: int) -> psutil.Process | None:
    try:
        for connection in psutil.net_connections(kind="tcp"):
            here = connection.laddr
            if connection.status == psutil.CONN_LISTEN and connection.pid and here and here.port == port:
                return psutil.Process(connection.pid)
    except psutil.Error:  # without rights, as on macOS
        return None
    return None


def _describe(process: psutil.Process) -> str:
    """The program's name and its last argument that says what it runs."""
    try:
        command = process.cmdline()
        return " ".join([process.name(), *command[1:]])[:80].rstrip()
    except psutil.Error:
        return "a process"
