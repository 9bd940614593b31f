"""Where the local stack keeps its things and where it listens: everything follows from the settings.

A second stack with another ``local_dir`` and other ports runs beside the first one.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from zielzeit.errors import UserError
from zielzeit.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "localhost"})
# sockaddr_un holds 104 bytes on BSD and macOS, 108 on Linux.
_LONGEST_SOCKET_PATH = 100


class Address(NamedTuple):
    """A host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def local_address(value: str, variable: str) -> Address:
    """Host and port of a bootstrap server or a URL on this machine.

    Raises UserError where it is no single ``host:port`` of the loopback interface: the local stack is for this
    machine alone.
    """
    parts = urlsplit(value if "//" in value else f"//{value}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.hostname not in LOOPBACK or port is None:
        raise UserError(
            f"{variable}={value}: the local stack listens only on this machine; give 127.0.0.1 and a port, "
            "or leave `stack` aside and use the parts that run there"
        )
    return Address(parts.hostname, port)


def kafka_address(settings: Settings) -> Address:
    """Where the broker listens."""
    return local_address(settings.kafka_bootstrap, "ZIELZEIT_KAFKA_BOOTSTRAP")


def flink_address(settings: Settings) -> Address:
    """Where the JobManager's REST API and dashboard listen."""
    return local_address(settings.flink_rest, "ZIELZEIT_FLINK_REST")


def mlflow_address(settings: Settings) -> Address:
    """Where the tracking server listens."""
    return local_address(settings.mlflow_uri, "ZIELZEIT_MLFLOW_URI")


def is_local(settings: Settings) -> bool:
    """Whether the Flink cluster is this machine's."""
    return urlsplit(settings.flink_rest).hostname in LOOPBACK


class Layout(NamedTuple):
    """Folders of one local stack."""

    root: Path

    @classmethod
    def of(cls, settings: Settings) -> Layout:
        """Folders under the settings' ``local_dir``."""
        return cls(settings.local_dir.expanduser().resolve())

    @property
    def run(self) -> Path:
        """What the process runner writes: its configuration, pid, journal of restarts."""
        return self.root / "stack"

    @property
    def logs(self) -> Path:
        """One or more log files for each program."""
        return self.run / "logs"

    @property
    def kafka(self) -> Path:
        """The broker's configuration and records."""
        return self.root / "kafka"

    @property
    def flink(self) -> Path:
        """The cluster's configuration, links to its jars, checkpoints and scratch files."""
        return self.root / "flink"

    @property
    def mlflow(self) -> Path:
        """The tracking server's database and artifacts."""
        return self.root / "mlflow"

    @property
    def journal(self) -> Path:
        """One line for each restart of a program."""
        return self.run / "events.log"

    @property
    def guests(self) -> Path:
        """Programs that were added to the stack for a while."""
        return self.run / "guests.json"

    @property
    def supervisor_config(self) -> Path:
        """What the process runner was told."""
        return self.run / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        """The process runner's process id."""
        return self.run / "supervisord.pid"

    @property
    def socket(self) -> Path:
        """The process runner's control socket, elsewhere where the folder's path is too long for a socket."""
        path = self.run / "supervisor.sock"
        if len(str(path).encode()) <= _LONGEST_SOCKET_PATH:
            return path
        digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"zielzeit-{digest}.sock"
