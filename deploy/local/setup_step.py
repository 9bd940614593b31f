"""One step of the setup at a time: its output in a log, its progress on stderr, and no second setup beside it.

Standard library only, Python from 3.9: see ``deploy.local.bootstrap``.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Sequence  # noqa: UP035 - this file runs on Python 3.9

_LAST_LINES = 12


class SetupError(Exception):
    """Something is missing on this machine; the message says what to do."""


def run(folder: Path, title: str, command: Sequence[str], live: bool = True) -> None:
    """Run a command with its output in ``folder/setup.log``, and show on stderr that it goes on.

    ``live`` counts the seconds where stderr is a terminal. Raises SetupError with the log's last lines.
    """
    log = folder / "setup.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    live = live and sys.stderr.isatty()
    start = time.monotonic()
    print(f"zielzeit: {title} …", file=sys.stderr, end="" if live else "\n", flush=True)
    with log.open("a") as file:
        file.write(f"\n$ {' '.join(command)}\n")
        file.flush()
        begin = file.tell()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                time.sleep(0.2)
                if live:
                    seconds = f"{time.monotonic() - start:.0f} s"
                    print(f"\rzielzeit: {title} … {seconds}", file=sys.stderr, end="", flush=True)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
            if live:
                print(file=sys.stderr)
    if process.returncode:
        with log.open(errors="replace") as file:
            file.seek(begin)
            tail = "\n".join("  " + line.rstrip() for line in file.readlines()[-_LAST_LINES:])
        raise SetupError(f"{title} failed. The last lines of {log}:\n{tail}")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of the setup, so that two first starts at the same moment follow one another."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "setup.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("zielzeit: waiting for another setup of this folder …", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
