"""A real disk that is full calls: a small file system of its own, which this machine's exporter sees."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import pytest

from deploy.monitoring.files import RULES
from tests.conftest import free_ports
from tests.deploy.monitoring.scaled_rules import scaled
from tests.integration.drill import Drill
from tests.integration.prometheus import watching
from tests.waiting import wait_until
from zielzeit.settings import load

pytestmark = pytest.mark.integration

FACTOR = 300
ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]
# Processes and mounts of their own, which end with the shell, and so when its input is closed.
NAMESPACE = [*ROOT, "unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c"]
SCRIPT = """
mount -o loop "$1" "$2" || exit
prometheus-node-exporter --web.listen-address="$3" &
read line && cat /dev/zero > "$2/filled"
read line
"""
MAKE = shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin")


def may_mount() -> bool:
    """Return True if this user may mount a file system."""
    try:
        return (
            subprocess.run([*NAMESPACE, "test -e /dev/loop-control"], capture_output=True, check=False).returncode == 0
        )
    except FileNotFoundError:
        return False


class Disk(NamedTuple):
    """A disk of four megabytes, and the exporter that sees it."""

    place: Path
    exporter: str
    """Its address."""
    input: IO[bytes]
    """Takes a line that lets the disk become full."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """An empty disk, as long as the test lasts."""
    image, place, address = tmp_path / "disk.img", tmp_path / "disk", f"127.0.0.1:{free_ports(1)[0]}"
    place.mkdir()
    image.write_bytes(bytes(4 << 20))
    subprocess.run([str(MAKE), "-q", str(image)], check=True)
    command = [*NAMESPACE, SCRIPT, "sh", str(image), str(place), address]
    with (
        (tmp_path / "exporter.log").open("wb") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log) as process,
    ):
        assert process.stdin is not None
        yield Disk(place, address, process.stdin)


@pytest.mark.skipif(MAKE is None, reason="no mkfs.ext4 here")
@pytest.mark.skipif(not may_mount(), reason="nobody may mount a disk here: neither root nor sudo without password")
def test_a_disk_calls_when_it_is_full(disk: Disk, tmp_path: Path) -> None:
    rules, mountpoint = tmp_path / "rules.yaml", str(disk.place)
    rules.write_text(scaled(RULES.read_text(), FACTOR))
    free = f'node_filesystem_avail_bytes{{mountpoint="{mountpoint}"}} / node_filesystem_size_bytes'
    with watching(load(node_exporter=disk.exporter), tmp_path, rules) as prometheus:
        (before,) = wait_until("the disk is seen", lambda: prometheus.numbers(free))
        assert before > 0.5
        wait_until("the rules are evaluated", prometheus.are_rules_evaluated)
        assert not [one for one in prometheus.alerts("pending", "firing") if one.get("mountpoint") == mountpoint]
        disk.input.write(b"fill it\n")
        disk.input.flush()
        Drill(prometheus).expect("DiskFull", mountpoint=mountpoint)
