"""Debian packages that Zielzeit needs. ``setup``, ``test`` and ``demo`` install them, after saying which.

Standard library only, Python from 3.9: see ``deploy.local.bootstrap``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import fill
from typing import NamedTuple, Sequence  # noqa: UP035 - this file runs on Python 3.9

from deploy.local.setup_step import SetupError, run

INSTALLERS = frozenset({"setup", "test", "demo"})
"""The commands that may install system packages; each has the flag ``--yes``."""


class Missing(NamedTuple):
    """Something that this machine lacks."""

    what: str
    """What is missing and why it is needed, a clause."""
    packages: Sequence[str]
    """Debian packages that bring it: one is enough, the first that the system knows."""

    def hint(self) -> str:
        """What is missing, and how it is installed."""
        return f"{self.what}: in a checkout `./zielzeit setup` installs it, or apt-get install {self.packages[0]}"


class SystemPackages:
    """Installs Debian packages, or refuses to.

    Parameters
    ----------
    folder:
        Where the log of the installation goes.
    allowed:
        False for commands that must not install anything: they name the command that does.
    yes:
        Install without asking.
    """

    def __init__(self, folder: Path, allowed: bool, yes: bool = False) -> None:
        self._folder = folder
        self._allowed = allowed
        self._yes = yes

    def require(self, missing: Sequence[Missing]) -> None:
        """Say what is missing and install it; on a terminal ask first. Raises SetupError where it stays missing."""
        if not missing:
            return
        if not self._allowed:
            raise SetupError("; ".join(each.hint() for each in missing))
        lacks = "; ".join(each.what for each in missing)
        names = " ".join(each.packages[0] for each in missing)
        sudo = _sudo() if shutil.which("apt-get") else None
        if sudo is None:
            raise SetupError(
                f"{lacks}. Debian or Ubuntu: sudo apt-get install {names}; elsewhere install the same by the system's "
                "package manager (macOS: brew install openjdk@17 maven libomp python@3.11). Then start this again."
            )
        print("zielzeit: system packages are missing:", file=sys.stderr)
        width = shutil.get_terminal_size(fallback=(10_000, 24)).columns
        for each in missing:
            line = f"  {' or '.join(each.packages)}: {each.what}"
            print(fill(line, width, subsequent_indent="    ", break_on_hyphens=False), file=sys.stderr)
        self._ask()
        apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
        run(self._folder, "updating the package list", [*apt, "update"])
        chosen = [_known(each.packages) for each in missing]
        run(self._folder, f"installing {' '.join(chosen)}", [*apt, "install", "-y", "--no-install-recommends", *chosen])

    def _ask(self) -> None:
        if self._yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return
        print("Install them with apt-get? [Y/n] ", file=sys.stderr, end="", flush=True)
        if sys.stdin.readline().strip().lower() not in ("", "y", "yes"):
            raise SetupError("nothing was installed. Install the packages yourself, then start this again.")


def _known(packages: Sequence[str]) -> str:
    """The first of these that the package list has; the first of all where it has none."""
    for package in packages:
        if subprocess.run(["apt-cache", "show", package], capture_output=True, check=False).returncode == 0:
            return package
    return packages[0]


def _sudo() -> list[str] | None:
    """What to put before a command to be root, without asking for a password; None where that cannot be."""
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if asked.returncode == 0 else None
