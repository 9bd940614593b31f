"""Where the local stack keeps its files: everything lies under the settings' ``local_dir``.

A second stack with another ``local_dir`` and other ports runs beside the first one.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import NamedTuple

from zielzeit.settings import Settings

# sockaddr_un holds 104 bytes on BSD and macOS, 108 on Linux.
_LONGEST_SOCKET_PATH = 100


class Folders(NamedTuple):
    """Folders of one local stack."""

    root: Path

    @classmethod
    def of(cls, settings: Settings) -> Folders:
        """Folders under the settings' ``local_dir``."""
        return cls(settings.local_dir)

    @property
    def run(self) -> Path:
        """The process runner's configuration, process id and journal of restarts."""
        return self.root / "stack"

    @property
    def logs(self) -> Path:
        """One or more log files for each program."""
        return self.run / "logs"

    @property
    def scratch(self) -> Path:
        """Temporary files of the programs and clients, a folder for each."""
        return self.root / "tmp"

    @property
    def kafka(self) -> Path:
        """The broker's configuration and records."""
        return self.root / "kafka"

    @property
    def flink(self) -> Path:
        """The cluster's configuration, links to its jars, checkpoints and savepoints."""
        return self.root / "flink"

    @property
    def mlflow(self) -> Path:
        """The tracking server's database and artifacts."""
        return self.root / "mlflow"

    @property
    def prometheus(self) -> Path:
        """The configuration and the data of the stack's Prometheus."""
        return self.root / "prometheus"

    @property
    def journal(self) -> Path:
        """Journal: a line per unexpected end of a program."""
        return self.run / "events.log"

    @property
    def added_programs(self) -> Path:
        """File of the programs that were added to the stack for a while."""
        return self.run / "added_programs.json"

    @property
    def supervisor_config(self) -> Path:
        """The process runner's configuration."""
        return self.run / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        """The process runner's process id."""
        return self.run / "supervisord.pid"

    @property
    def socket(self) -> Path:
        """The process runner's control socket; in the temporary folder if this path is too long for a socket."""
        path = self.run / "supervisor.sock"
        if len(str(path).encode()) <= _LONGEST_SOCKET_PATH:
            return path
        digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"zielzeit-{digest}.sock"
