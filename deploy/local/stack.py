"""The local stack: starts, watches and stops Kafka, Flink and MLflow together."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

import msgspec
import psutil

from deploy.local import added_programs, restart_journal, scratch
from deploy.local.added_programs import AddedProgram
from deploy.local.folders import Folders
from deploy.local.process_runner import RUNNING, Runner, log_files
from deploy.local.processes import belonging_to, end, taken_ports
from deploy.local.programs import ON_DEMAND, PARTS, Program, prepare, programs, scarce_memory
from zielzeit import file_lock
from zielzeit.errors import UserError
from zielzeit.settings import Settings

log = logging.getLogger(__name__)

State = Literal["up", "starting", "unwell", "restarting", "given up", "down"]

_POLL_SECONDS = 0.5
_START_SECONDS = 120
"""A program that has run for longer without an answer counts as unwell, no longer as starting."""
_RUNNER_STATES: dict[str, State] = {"STARTING": "starting", "BACKOFF": "restarting", "EXITED": "restarting"}


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """State of one program of the stack."""

    name: str
    part: str
    state: State
    pid: int | None
    uptime_seconds: float | None
    restarts: int
    """Number of unexpected ends since the stack was started."""
    address: str


Watcher = Callable[[Sequence[Status]], None]
"""Called with the states of the programs whenever they have been looked at."""


def _silent(_: Sequence[Status]) -> None:
    pass


class Stack:
    """The local stack in the settings' ``local_dir``. Any process may call any method at any time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folders = Folders.of(settings)
        self._runner = Runner(self.folders)

    def up(
        self, parts: Iterable[str] = PARTS, *, watcher: Watcher = _silent, timeout_seconds: float = 300.0
    ) -> list[Status]:
        """Start the programs of these parts that do not run, wait until all work, and return their states.

        Raises UserError if a port is taken, something is missing, or a program does not work in time.
        """
        wanted = self._choose(parts)
        with self._alone():
            self._start(wanted)
        deadline = time.monotonic() + timeout_seconds
        while True:
            statuses = self._look(wanted)
            watcher(statuses)
            failed = [status.name for status in statuses if status.state == "given up"]
            late = [status.name for status in statuses if status.state != "up"]
            if failed:
                raise UserError(self._complaint(failed, "keeps ending"))
            if late and time.monotonic() > deadline:
                raise UserError(self._complaint(late, f"does not work after {timeout_seconds:.0f} s"))
            if not late:
                return statuses
            time.sleep(_POLL_SECONDS)

    def down(self, parts: Iterable[str] = ()) -> int:
        """End every process of the stack, also those whose runner died, and return their number.

        With parts, only these end; the runner and the other parts stay. Raises UserError for an unknown part.
        """
        chosen = self._choose(parts)
        with self._alone():
            if not chosen:
                added_programs.write(self.folders, [])
                return self._end_all()
            before, states = len(belonging_to(self.folders.root)), self._runner.states()
            for program in reversed(chosen):
                if states.get(program.name, {}).get("statename") in RUNNING:
                    self._runner.stop(program.name)
            return before - len(belonging_to(self.folders.root))

    def add(self, arriving: Sequence[AddedProgram], *, watcher: Watcher = _silent) -> list[Status]:
        """Replace the added programs by these, start them, and wait until they work.

        Raises UserError as ``up`` does.
        """
        self.remove_added()
        with self._alone():
            added_programs.write(self.folders, arriving)
        return self.up({program.part for program in arriving}, watcher=watcher)

    def remove_added(self) -> None:
        """Stop the added programs, the last one first, and remove them; the stack itself stays as it is."""
        with self._alone():
            leaving = added_programs.read(self.folders)
            if not leaving:
                return
            states = self._runner.states()
            for program in reversed(leaving):
                if states.get(program.name, {}).get("statename") in RUNNING:
                    self._runner.stop(program.name)
            added_programs.write(self.folders, [])
            if self._runner.is_running():
                self._runner.ensure(programs(self.settings))

    def status(self) -> list[Status]:
        """State of every program, running or not; parts that start on demand are left out while they are down."""
        statuses = self._look(programs(self.settings))
        return [status for status in statuses if status.part not in ON_DEMAND or status.state != "down"]

    def has(self, part: str) -> bool:
        """Return True if a program of this part is up."""
        return any(status.part == part and status.state == "up" for status in self.status())

    def logs(self, name: str) -> list[Path]:
        """Log files of a program or part, the oldest first. Raises UserError if the stack has no such part."""
        chosen = [program.name for program in programs(self.settings) if name in (program.name, program.part)]
        if not chosen:
            names = ", ".join(program.name for program in programs(self.settings))
            raise UserError(f"the stack has no part {name!r}; it has {names}")
        return [file for program in chosen for file in log_files(self.folders, program)]

    def _choose(self, parts: Iterable[str]) -> list[Program]:
        chosen, existing = set(parts), programs(self.settings)
        known = list(dict.fromkeys([*PARTS, *(program.part for program in existing)]))
        if unknown := chosen.difference(known):
            raise UserError(f"the stack has no part {', '.join(sorted(unknown))}; it has {', '.join(known)}")
        return [program for program in existing if program.part in chosen]

    def _start(self, wanted: Sequence[Program]) -> None:
        if not self._runner.is_running():
            # A runner that was killed leaves its programs behind: they hold the ports, and no runner watches them.
            self._end_all()
        states = self._runner.states()
        missing = [
            program for program in wanted if states.get(program.name, {}).get("statename", "STOPPED") not in RUNNING
        ]
        if taken := [sentence for program in missing for sentence in taken_ports(program.ports)]:
            raise UserError(
                "; ".join(taken) + ". End that process, or choose other ports with ZIELZEIT_KAFKA_BOOTSTRAP, "
                "ZIELZEIT_KAFKA_CONTROLLER_PORT, ZIELZEIT_ZOOKEEPER_PORT, ZIELZEIT_FLINK_REST, "
                "ZIELZEIT_FLINK_RPC_PORT or ZIELZEIT_MLFLOW_URI"
            )
        if not missing:
            return
        if sentence := scarce_memory(missing, psutil.virtual_memory().available / 1e6):
            log.warning(sentence)
        prepare(self.settings, missing)
        self._runner.ensure(programs(self.settings))
        for program in missing:
            self._runner.start(program.name)

    def _end_all(self) -> int:
        mine = belonging_to(self.folders.root)
        if self._runner.is_running():
            self._runner.shutdown()
            # The runner itself makes stubborn programs end, one after the other.
            psutil.wait_procs(mine, timeout=60)
        end(belonging_to(self.folders.root), patience_seconds=10)
        self.folders.socket.unlink(missing_ok=True)
        self.folders.supervisor_pid.unlink(missing_ok=True)
        scratch.remove(self.folders)
        return len(mine)

    def _look(self, wanted: Sequence[Program]) -> list[Status]:
        states, records = self._runner.states(), restart_journal.read(self.folders.journal)
        statuses = []
        for program in wanted:
            entry = states.get(program.name, {"statename": "STOPPED", "pid": 0, "now": 0, "start": 0})
            record = records.get(program.name, restart_journal.Record(0, False))
            running = entry["statename"] in RUNNING
            statuses.append(
                Status(
                    name=program.name,
                    part=program.part,
                    state=self._state(program, entry, record),
                    pid=entry["pid"] or None,
                    uptime_seconds=float(entry["now"] - entry["start"]) if running else None,
                    restarts=record.ends,
                    address=program.url,
                )
            )
        return statuses

    def _state(self, program: Program, entry: Mapping[str, Any], record: restart_journal.Record) -> State:
        runner_state = entry["statename"]
        if runner_state == "STARTING" and record.ends:
            # Flink may still count the one that ended.
            return "restarting"
        if runner_state in ("RUNNING", "STARTING") and program.healthy():
            return "up"
        if runner_state == "RUNNING":
            return "starting" if entry["now"] - entry["start"] < _START_SECONDS else "unwell"
        if runner_state not in RUNNING and record.given_up:
            return "given up"
        return _RUNNER_STATES.get(runner_state, "down")

    def _complaint(self, names: Sequence[str], trouble: str) -> str:
        sentences = [f"{name} {trouble}. Its log ends: {self._last_lines(name)}" for name in names]
        return "\n".join([*sentences, f"All logs are in {self.folders.logs}; `./zielzeit stack down` ends what runs."])

    def _last_lines(self, name: str) -> str:
        """The last lines of the program's newest log, without the frames of a Java stack trace."""
        files = log_files(self.folders, name)
        lines = files[-1].read_text(errors="replace").splitlines() if files else []
        telling = [line.strip() for line in lines if line.strip() and not line.startswith("\tat ")]
        return " | ".join(telling[-3:]) or "(it is empty)"

    def _alone(self) -> AbstractContextManager[None]:
        """Hold the stack's lock: calls of ``up`` and ``down`` at the same time run one after the other."""
        self.folders.logs.mkdir(parents=True, exist_ok=True)
        return file_lock.held(self.folders.run / "lock")
