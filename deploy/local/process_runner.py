"""The process runner (supervisor): its configuration as text, and its remote calls."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from deploy.local import restart_journal, scratch
from deploy.local.folders import Folders
from deploy.local.processes import MARK
from deploy.local.programs import Program
from zielzeit.errors import UserError

_STOP_SECONDS = 20
_START_SECONDS = 15.0


def configuration(folders: Folders, programs: Sequence[Program]) -> str:
    """``supervisord.conf`` for these programs."""
    sections: dict[str, dict[str, object]] = {
        "unix_http_server": {"file": folders.socket, "chmod": "0700"},
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
        "supervisord": {
            "pidfile": folders.supervisor_pid,
            "logfile": folders.logs / "supervisord.log",
            "childlogdir": folders.logs,
            "directory": folders.root,
            "minfds": 4096,
        },
        "eventlistener:restarts": {
            "command": shlex.join([sys.executable, restart_journal.__file__, str(folders.journal)]),
            "events": "PROCESS_STATE_EXITED,PROCESS_STATE_BACKOFF,PROCESS_STATE_FATAL",
            "stdout_logfile": "NONE",
            "stderr_logfile": folders.logs / "restarts.log",
            "stopasgroup": "true",
            "killasgroup": "true",
            # The last to end: it sees what becomes of the others.
            "priority": 1,
        },
    }
    for program in programs:
        temporary = scratch.of_program(folders, program.name)
        sections[f"program:{program.name}"] = {
            "command": shlex.join(scratch.command(temporary, program.command)),
            "environment": _pairs({**program.environment, **scratch.environment(temporary)}),
            "priority": program.priority,
            "autostart": "false",
            "autorestart": "true",
            # One that ends sooner has failed to start; after so many tries in a row it stays down.
            "startsecs": 5,
            "startretries": 5,
            # A program's children end with it.
            "stopasgroup": "true",
            "killasgroup": "true",
            "stopwaitsecs": _STOP_SECONDS,
            "stdout_logfile": folders.logs / f"{program.name}.out",
            "stdout_logfile_maxbytes": "20MB",
            "stdout_logfile_backups": 2,
            "redirect_stderr": "true",
        }
    return "\n".join(
        f"[{section}]\n" + "".join(f"{key}={_escape(str(value))}\n" for key, value in values.items())
        for section, values in sections.items()
    )


RUNNING = frozenset({"STARTING", "RUNNING", "BACKOFF", "EXITED"})
"""supervisor's words for a program that runs or will be started again by the runner itself."""


class Runner:
    """The process runner of a stack, running or not."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    @property
    def _rpc(self) -> Any:
        # A new one for each call: after a failed call a transport is of no more use.
        transport = SupervisorTransport(None, None, f"unix://{self._folders.socket}")
        # The transport finds the socket; the address only satisfies ServerProxy.
        return ServerProxy("http://127.0.0.1", transport).supervisor

    def is_running(self) -> bool:
        """Return True if the runner answers."""
        return self._states() is not None

    def states(self) -> Mapping[str, Mapping[str, Any]]:
        """supervisor's entry for each program (``statename``, ``pid``, ``start``, …); empty without a runner."""
        return self._states() or {}

    def ensure(self, programs: Sequence[Program]) -> None:
        """Start the runner with these programs, or give the running one the changes.

        A program that runs keeps the configuration that it began with until it is stopped: an upgrade of the project
        must not end a job at the next start of another part.
        """
        config = self._folders.supervisor_config
        text = configuration(self._folders, programs)
        if self.is_running():
            config.write_text(text)
            self._reload()
            return
        config.write_text(text)
        self._folders.journal.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(config)],
            env=_environment(self._folders),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self.is_running():
            if done.returncode or time.monotonic() > deadline:
                raise UserError(f"the process runner does not start, see {self._folders.logs}: {done.stderr[-500:]}")
            time.sleep(0.1)

    def start(self, program: str) -> None:
        """Start the program without waiting for it."""
        try:
            self._rpc.startProcess(program, False)
        except Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise UserError(f"{program} does not start: {fault.faultString}") from None

    def stop(self, program: str) -> None:
        """Stop the program and wait for its end."""
        try:
            self._rpc.stopProcess(program, True)
        except Fault as fault:
            if "NOT_RUNNING" not in fault.faultString:
                raise

    def shutdown(self) -> None:
        """Stop every program in reverse order of start, then the runner, without waiting."""
        try:
            self._rpc.shutdown()
        except (OSError, Fault):  # it is gone, or on its way already
            return

    def _states(self) -> dict[str, Mapping[str, Any]] | None:
        try:
            return {entry["name"]: entry for entry in self._rpc.getAllProcessInfo()}
        except (OSError, Fault):
            return None

    def _reload(self) -> None:
        added, changed, removed = self._rpc.reloadConfig()[0]
        states = self.states()
        idle = [group for group in changed if states[group]["statename"] not in RUNNING]
        for group in [*removed, *idle]:
            self._rpc.stopProcessGroup(group)
            self._rpc.removeProcessGroup(group)
        for group in [*idle, *added]:
            self._rpc.addProcessGroup(group)


def _environment(folders: Folders) -> dict[str, str]:
    """Environment of the runner, which every program of the stack inherits."""
    # Thread mode embeds the Python that comes first on the path, whatever python.executable says.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, MARK: str(folders.root), "PATH": path}


def _pairs(environment: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{value}"' for name, value in environment.items())


def _escape(value: str) -> str:
    """Supervisor expands %(…)s in values."""
    return value.replace("%", "%%")


def log_files(folders: Folders, program: str) -> list[Path]:
    """The program's log files that hold something, the oldest first."""
    files = [*folders.logs.glob(f"{program}.out"), *folders.logs.glob(f"flink-{program}-*")]
    return sorted((file for file in files if file.stat().st_size), key=lambda file: file.stat().st_mtime)
