"""Journal of unexpected ends of programs, and the listener that writes it and stops a program that keeps ending.

supervisor runs this file as an event listener: ``python restart_journal.py JOURNAL``. A line of the journal is
``time program word text``; the word is ``ended`` or ``given-up``.
"""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict, deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from xmlrpc.client import Fault

LIMIT = 8
WINDOW_SECONDS = 600.0
"""A program may end ``LIMIT`` times in this time. After one more end it stays down: endless restarts hide a fault."""


class Limiter:
    """Counts a program's ends in a sliding window."""

    def __init__(self, limit: int = LIMIT, window_seconds: float = WINDOW_SECONDS) -> None:
        self._limit = limit
        self._window = window_seconds
        self._ends: dict[str, deque[float]] = defaultdict(deque)

    def ended(self, program: str, at: float) -> bool:
        """Count an end at this time, in seconds; return True and reset the count if it exceeds the limit."""
        ends = self._ends[program]
        ends.append(at)
        while ends[0] <= at - self._window:
            ends.popleft()
        if len(ends) <= self._limit:
            return False
        ends.clear()
        return True


class Record(NamedTuple):
    """Entries of the journal for one program."""

    ends: int
    given_up: bool


def read(journal: Path) -> dict[str, Record]:
    """Records by program name, since the process runner was started."""
    records: dict[str, Record] = {}
    if journal.exists():
        for line in journal.read_text().splitlines():
            _, program, word, _ = line.split(" ", 3)
            before = records.get(program, Record(0, False))
            records[program] = Record(before.ends + (word == "ended"), word == "given-up")
    return records


def main(journal: Path) -> None:
    """Handle events until the process runner ends."""
    from supervisor import childutils  # noqa: PLC0415 - whoever only reads the journal needs none of it

    runner = childutils.getRPCInterface(os.environ).supervisor
    limiter = Limiter()
    while True:
        headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
        event = dict(pair.split(":", 1) for pair in payload.split())
        program, now = event["processname"], datetime.now(UTC)
        if headers["eventname"] == "PROCESS_STATE_FATAL":
            note = "given-up it does not start; see `./zielzeit stack logs`"
        elif limiter.ended(program, now.timestamp()):
            note = f"given-up it ended more than {LIMIT} times in {WINDOW_SECONDS / 60:.0f} minutes"
            _stop(runner, program)
        else:
            note = "ended unexpectedly; it is restarted"
        with journal.open("a") as file:
            file.write(f"{now.isoformat(timespec='seconds')} {program} {note}\n")
        childutils.listener.ok(sys.stdout)


def _stop(runner: Any, program: str) -> None:
    """Stop a program that the runner is about to start again: between the two it cannot be stopped."""
    for _ in range(20):
        try:
            runner.stopProcess(program, False)
        except Fault:
            time.sleep(0.25)
        else:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
