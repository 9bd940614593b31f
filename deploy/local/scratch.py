"""Temporary files: a folder for each program and client under ``local_dir``, and nothing in the system's.

Flink's processes leave theirs behind when they are killed: code of jobs, unpacked native libraries, spilled data. A
program's folder is emptied at each of its starts, all go when the stack starts or ends.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from deploy.local.folders import Folders

_CLIENT = "client-"
_RUN = 'rm -rf -- "$1" && mkdir -p -- "$1" && shift && exec "$@"'
"""Shell: empty the folder, then become the program."""


def environment(folder: Path) -> dict[str, str]:
    """Environment variables with which Python and Java write temporary files to the folder."""
    # The JVM writes its performance counters to the system's folder, whatever it is told, or to no file.
    options = [os.environ.get("JDK_JAVA_OPTIONS", ""), f"-Djava.io.tmpdir='{folder}'", "-XX:+PerfDisableSharedMem"]
    return {"TMPDIR": str(folder), "JDK_JAVA_OPTIONS": " ".join(filter(None, options))}


def of_program(folders: Folders, name: str) -> Path:
    """Folder of a program of the stack."""
    return folders.scratch / name


def command(folder: Path, program: Sequence[str]) -> list[str]:
    """Command line that runs a program with this folder empty."""
    return ["sh", "-c", _RUN, "sh", str(folder), *program]


@contextmanager
def of_client(folders: Folders) -> Iterator[Path]:
    """Folder for a process that is not one of the stack's, removed in the end."""
    folders.scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f"{_CLIENT}{os.getpid()}-", dir=folders.scratch, ignore_cleanup_errors=True) as name:
        yield Path(name)


def remove(folders: Folders) -> None:
    """Remove the folders of all programs, none of which runs, and of clients that were killed."""
    for folder in folders.scratch.glob("*"):
        if not _is_in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_in_use(folder: Path) -> bool:
    if not folder.name.startswith(_CLIENT):
        return False
    return psutil.pid_exists(int(folder.name.removeprefix(_CLIENT).partition("-")[0]))
