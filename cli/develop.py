"""Commands for those who work on Zielzeit: setup, test."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer

from zielzeit.settings import ROOT


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("setup")(_setup)
    app.command("test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(_test)


def _setup(
    dev: Annotated[bool, typer.Option("--dev", help="Also what the tests need.")] = False,
) -> None:
    """Install everything ahead of time: Python packages, Java, Maven, jars."""
    # ./zielzeit has done it before this runs.
    print("Everything is installed" + (", for the tests too." if dev else "."))


def _test(
    context: typer.Context,
    unit: Annotated[bool, typer.Option("--unit", help="Leave out what needs the broker and the cluster.")] = False,
) -> None:
    """Check format, style, dependencies and types, then run the tests; other arguments go to pytest."""
    checks = [
        ["ruff", "format", "--check", "."],
        ["ruff", "check", "."],
        ["deptry", "."],
        ["deptry", "tests", "--config", "tests/deptry.toml"],
        ["mypy"],
    ]
    tests = ["pytest", *(["-m", "not integration"] if unit else []), *context.args]
    failed = []
    for step in [*checks, tests]:
        print(f"$ {' '.join(step)}", flush=True)
        done = subprocess.run([sys.executable, "-m", *step], cwd=ROOT, check=False)  # noqa: S603 - our own command
        if done.returncode:
            failed.append(" ".join(step[:2]) if step[0] in ("ruff", "deptry") else step[0])
    if failed:
        print(f"zielzeit: failed: {', '.join(failed)}", file=sys.stderr)
        raise typer.Exit(1)
