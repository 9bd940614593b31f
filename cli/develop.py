"""Commands for those who work on Zielzeit: setup, test."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Annotated, NamedTuple

import typer

from cli.options import Yes
from zielzeit.errors import UserError
from zielzeit.settings import CHECKOUT, ROOT

# In a process of its own, as a module: import-linter has no `python -m`.
_CONTRACTS = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"
_WORKERS = 2


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("setup")(_setup)
    app.command("test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(_test)


def _setup(
    dev: Annotated[bool, typer.Option("--dev", help="Also what the tests need, Airflow included.")] = False,
    airflow: Annotated[
        bool, typer.Option("--airflow", help="Also Airflow, in a virtual environment of its own.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Install everything ahead of time: Python packages, Java, Maven, jars, missing system packages, machine code."""
    _checkout("setup")
    from zielzeit.features.compile import compile_features
    from zielzeit.progress import Shown

    # ./zielzeit has done the rest before this runs.
    with Shown().step("compile the features"):
        compile_features()
    print("Everything is installed" + (", for the tests too." if dev else "."))


def _test(
    context: typer.Context,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Leave out the tests that start a server (integration) or take long (slow)."),
    ] = False,
    yes: Yes = False,
) -> None:
    """Check format, lint, types and imports; run the tests beside that.

    Without an option everything runs. This must pass before a change lands.
    The tests run in two processes, those of a file in one. Each process starts
    a broker, a cluster and a registry of its own for the tests that need them.

    With --quick only tests that need no server and take seconds run, and
    properties are tried with a fifth of the examples.

    All other arguments go to pytest. If they name a file or a folder, or start
    a debugger, pytest runs in one process; -n chooses a number of processes.
    Examples:

    ./zielzeit test --quick -k board

    ./zielzeit test tests/decision -x --durations=10
    """
    _checkout("test")
    short = [
        _Check("format", ["-m", "ruff", "format", "--check", "."]),
        _Check("lint", ["-m", "ruff", "check", "."]),
    ]
    long = [
        _Check("types", ["-m", "mypy"]),
        _Check("dependencies", ["-m", "deptry", "."]),
        _Check("dependencies of the tests", ["-m", "deptry", "tests", "--config", "tests/deptry.toml"]),
        _Check("import contracts", ["-c", _CONTRACTS]),
    ]
    failed = [check.title for check in short if not check.start().finish()]
    running = [check.start() for check in long]
    try:
        print(f"zielzeit: tests, and beside them: {', '.join(check.title for check in long)}", flush=True)
        begin = time.monotonic()
        pytest = [sys.executable, "-m", "pytest", *_pytest_arguments(context.args, quick)]
        tests_passed = subprocess.run(pytest, cwd=ROOT, check=False).returncode == 0  # noqa: S603 - our own command
        print(f"zielzeit: tests: {'passed' if tests_passed else 'failed'} in {time.monotonic() - begin:.0f} s")
        failed += [] if tests_passed else ["tests"]
        failed += [run.check.title for run in running if not run.finish()]
    finally:
        for run in running:
            run.process.terminate()
    if failed:
        print(f"zielzeit: failed: {', '.join(failed)}", file=sys.stderr)
        raise typer.Exit(1)


class _Check(NamedTuple):
    """One check: its title, and the arguments of the Python interpreter that runs it."""

    title: str
    command: Sequence[str]

    def start(self) -> _Running:
        """Start the check in the background; its output waits in a file."""
        output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - it lives as long as the process
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, *self.command], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
        return _Running(self, process, output)


class _Running(NamedTuple):
    """A check that was started."""

    check: _Check
    process: subprocess.Popen[bytes]
    output: IO[str]

    def finish(self) -> bool:
        """Wait for the end, print the output if the check failed, and return True if it passed."""
        passed = self.process.wait() == 0
        if not passed:
            self.output.seek(0)
            print(self.output.read().rstrip())
        print(f"zielzeit: {self.check.title}: {'passed' if passed else 'failed'}", flush=True)
        return passed


def _pytest_arguments(given: Sequence[str], quick: bool) -> list[str]:
    """Arguments of pytest: the user's, and before them which tests run in how many processes."""
    chosen = ["-m", "not integration and not slow", "--hypothesis-profile", "quick"] if quick else []
    one_process = any(
        argument.startswith("-n") or argument in ("--pdb", "--trace", "-s") or _is_path(argument) for argument in given
    )
    if not one_process:
        # The tests of a file in one process, the files in the order of tests/conftest.py.
        chosen += ["-n", str(_WORKERS), "--dist", "loadfile", "--no-loadscope-reorder"]
    return [*chosen, *given]


def _checkout(command: str) -> Path:
    """The checkout. Raises UserError where the command was installed by pip."""
    if CHECKOUT is None:
        raise UserError(
            f"{command} works in a checkout only, as ./zielzeit {command}: this zielzeit was installed by pip"
        )
    return CHECKOUT


def _is_path(argument: str) -> bool:
    return (ROOT / argument.partition("::")[0]).exists() or Path(argument.partition("::")[0]).exists()
