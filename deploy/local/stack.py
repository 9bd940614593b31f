"""The local stack: Kafka, Flink and MLflow, started, watched and stopped as one."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec
import psutil

from deploy.local import guests, restarts
from deploy.local.guests import Guest
from deploy.local.layout import Layout
from deploy.local.processes import belonging_to, end, taken_ports
from deploy.local.programs import PARTS, STORE, Program, prepare, programs
from deploy.local.supervise import Runner, log_files
from zielzeit.errors import UserError
from zielzeit.settings import Settings

State = Literal["up", "starting", "unwell", "restarting", "given up", "down"]

_POLL_SECONDS = 0.5
_START_SECONDS = 120
"""A program that runs for longer and does not answer is not starting any more."""
_RUNNER_STATES: dict[str, State] = {"STARTING": "starting", "BACKOFF": "restarting", "EXITED": "restarting"}
_RUNNING = {"STARTING", "RUNNING", "BACKOFF", "EXITED"}


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How one program of the stack does."""

    name: str
    part: str
    state: State
    pid: int | None
    uptime_seconds: float | None
    restarts: int
    """How often it ended unexpectedly since the stack was started."""
    address: str


Progress = Callable[[Sequence[Status]], None]


def _silent(_: Sequence[Status]) -> None:
    pass


class Stack:
    """One local stack, in the settings' ``local_dir``. Every method may be called by any process, at any time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.layout = Layout.of(settings)
        self._runner = Runner(self.layout)

    def up(
        self, parts: Iterable[str] = PARTS, *, progress: Progress = _silent, timeout_seconds: float = 300.0
    ) -> list[Status]:
        """Start what is not running of these parts, wait until each is well, and return how they do.

        Raises UserError where a port is taken, something is missing, or a program does not become well in time.
        """
        wanted = self._choose(parts)
        with self._alone():
            self._start(wanted)
        deadline = time.monotonic() + timeout_seconds
        while True:
            statuses = self._look(wanted)
            progress(statuses)
            failed = [status.name for status in statuses if status.state == "given up"]
            late = [status.name for status in statuses if status.state != "up"]
            if failed:
                raise UserError(self._complaint(failed, "ends again and again"))
            if late and time.monotonic() > deadline:
                raise UserError(self._complaint(late, f"does not become well within {timeout_seconds:.0f} s"))
            if not late:
                return statuses
            time.sleep(_POLL_SECONDS)

    def down(self, parts: Iterable[str] = ()) -> int:
        """End every process of the stack, also those that lost their runner; return how many there were.

        With parts, only these end; the runner and the rest stay. Raises UserError for an unknown part.
        """
        chosen = self._choose(parts)
        with self._alone():
            if not chosen:
                guests.write(self.layout, [])
                return self._end_all()
            before, states = len(belonging_to(self.layout.root)), self._runner.states()
            for program in reversed(chosen):
                if states.get(program.name, {}).get("statename") in _RUNNING:
                    self._runner.stop(program.name)
            return before - len(belonging_to(self.layout.root))

    def receive(self, arriving: Sequence[Guest], *, progress: Progress = _silent) -> list[Status]:
        """Add these programs to the running stack in the place of earlier guests; wait until they are well.

        Raises UserError as ``up`` does.
        """
        self.dismiss()
        with self._alone():
            guests.write(self.layout, arriving)
        return self.up({guest.part for guest in arriving}, progress=progress)

    def dismiss(self) -> None:
        """Stop the programs that ``receive`` added, the last one first; the stack itself stays as it is."""
        with self._alone():
            leaving = guests.read(self.layout)
            if not leaving:
                return
            states = self._runner.states()
            for guest in reversed(leaving):
                if states.get(guest.name, {}).get("statename") in _RUNNING:
                    self._runner.stop(guest.name)
            guests.write(self.layout, [])
            if self._runner.is_running():
                self._runner.ensure(programs(self.settings))

    def status(self) -> list[Status]:
        """How every program does, running or not; what comes only when asked for, while it is there."""
        statuses = self._look(programs(self.settings))
        return [status for status in statuses if status.part != STORE or status.state != "down"]

    def has(self, part: str) -> bool:
        """Whether a program of this part is up."""
        return any(status.part == part and status.state == "up" for status in self.status())

    def logs(self, name: str) -> list[Path]:
        """Log files of a program or part, the oldest first. Raises UserError where there is no such thing."""
        chosen = [program.name for program in programs(self.settings) if name in (program.name, program.part)]
        if not chosen:
            names = ", ".join(program.name for program in programs(self.settings))
            raise UserError(f"the stack has no part {name!r}; it has {names}")
        return [file for program in chosen for file in log_files(self.layout, program)]

    def _choose(self, parts: Iterable[str]) -> list[Program]:
        chosen, existing = set(parts), programs(self.settings)
        known = list(dict.fromkeys([*PARTS, *(program.part for program in existing)]))
        if unknown := chosen.difference(known):
            raise UserError(f"the stack has no part {', '.join(sorted(unknown))}; it has {', '.join(known)}")
        return [program for program in existing if program.part in chosen]

    def _start(self, wanted: Sequence[Program]) -> None:
        if not self._runner.is_running():
            # A runner that was killed leaves its programs behind: they hold the ports and nobody watches them.
            self._end_all()
            shutil.rmtree(self.layout.flink / "tmp", ignore_errors=True)
        states = self._runner.states()
        missing = [
            program for program in wanted if states.get(program.name, {}).get("statename", "STOPPED") not in _RUNNING
        ]
        if taken := [sentence for program in missing for sentence in taken_ports(program.ports)]:
            raise UserError(
                "; ".join(taken) + ". End it, or choose other ports by ZIELZEIT_KAFKA_BOOTSTRAP, "
                "ZIELZEIT_KAFKA_CONTROLLER_PORT, ZIELZEIT_FLINK_REST, ZIELZEIT_FLINK_RPC_PORT or ZIELZEIT_MLFLOW_URI"
            )
        if not missing:
            return
        prepare(self.settings, {program.part for program in missing})
        self._runner.ensure(programs(self.settings))
        for program in missing:
            self._runner.start(program.name)

    def _end_all(self) -> int:
        mine = belonging_to(self.layout.root)
        if self._runner.is_running():
            self._runner.shutdown()
            # The runner itself makes stubborn programs end, one after the other.
            psutil.wait_procs(mine, timeout=60)
        end(belonging_to(self.layout.root), patience_seconds=10)
        self.layout.socket.unlink(missing_ok=True)
        self.layout.supervisor_pid.unlink(missing_ok=True)
        return len(mine)

    def _look(self, wanted: Sequence[Program]) -> list[Status]:
        states, records = self._runner.states(), restarts.read(self.layout.journal)
        statuses = []
        for program in wanted:
            entry = states.get(program.name, {"statename": "STOPPED", "pid": 0, "now": 0, "start": 0})
            record = records.get(program.name, restarts.Record(0, False))
            running = entry["statename"] in _RUNNING
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

    def _state(self, program: Program, entry: Mapping[str, Any], record: restarts.Record) -> State:
        runner_state = entry["statename"]
        if runner_state == "STARTING" and record.ends:
            # Flink may still count the one that ended.
            return "restarting"
        if runner_state in ("RUNNING", "STARTING") and program.healthy():
            return "up"
        if runner_state == "RUNNING":
            return "starting" if entry["now"] - entry["start"] < _START_SECONDS else "unwell"
        if runner_state not in _RUNNING and record.given_up:
            return "given up"
        return _RUNNER_STATES.get(runner_state, "down")

    def _complaint(self, names: Sequence[str], trouble: str) -> str:
        sentences = [f"{name} {trouble}, its log ends: {self._last_words(name)}" for name in names]
        return "\n".join([*sentences, f"all logs are in {self.layout.logs}; `./zielzeit stack down` ends what runs"])

    def _last_words(self, name: str) -> str:
        """The last lines of the program's newest log, without the frames of a Java stack trace."""
        files = log_files(self.layout, name)
        lines = files[-1].read_text(errors="replace").splitlines() if files else []
        telling = [line.strip() for line in lines if line.strip() and not line.startswith("\tat ")]
        return " | ".join(telling[-3:]) or "(it is empty)"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the stack's lock, so that two ``up`` or ``down`` at the same moment follow one another."""
        self.layout.logs.mkdir(parents=True, exist_ok=True)
        with (self.layout.run / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
