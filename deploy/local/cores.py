"""Which of the machine's cores a program may use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence


def share(number: int, of: int) -> list[int]:
    """Return the cores of one of ``of`` programs, counted from 0, that divide the machine's cores among themselves.

    Each has one at least. Where the operating system does not tell the cores (macOS), none: a program then has all.
    """
    if not hasattr(os, "sched_getaffinity"):
        return []
    cores = sorted(os.sched_getaffinity(0))
    return cores[number::of] if of < len(cores) else [cores[number % len(cores)]]


def kept_on(cores: Sequence[int], command: Sequence[str]) -> list[str]:
    """Return a command that runs another one on some cores alone, and all that it starts; without cores as it is."""
    if not cores or shutil.which("taskset") is None:
        return list(command)
    return ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]
