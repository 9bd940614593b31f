"""``zielzeit stack up | status | down | logs``: the local stack."""

from __future__ import annotations

import signal
import sys
import textwrap
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from zielzeit.errors import UserError
from zielzeit.settings import load
from zielzeit.terminal_table import Column, output_width, show

if TYPE_CHECKING:
    from rich.table import Table

    from deploy.cluster.job_status import JobStatus
    from deploy.local.stack import Stack, Status

_STYLES = {
    "up": "green",
    "running": "green",
    "down": "dim",
    "given up": "red",
    "unwell": "red",
    "failed": "red",
    "gone": "red",
}

_COLUMNS = [
    Column("part"),
    Column("state"),
    Column("pid", rank=3, right=True),
    Column("uptime", rank=2, right=True),
    Column("restarts", rank=1, right=True),
    Column("address"),
]

_JOB_COLUMNS = [
    Column("job"),
    Column("state"),
    Column("for", right=True),
    Column("restarts", rank=1, right=True),
    Column("id", rank=2),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    stack = typer.Typer(help="Start, check and stop the local stack: Kafka, Flink, MLflow.", no_args_is_help=True)
    stack.command("up")(_up)
    stack.command("status")(_status)
    stack.command("down")(_down)
    stack.command("logs")(_logs)
    app.add_typer(stack, name="stack")


def _up(
    parts: Annotated[list[str] | None, typer.Argument(help="kafka, flink, mlflow; default: all.")] = None,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Keep running, and stop everything at Ctrl-C.")
    ] = False,
) -> None:
    """Start the parts that do not run, and wait until they work."""
    from deploy.local.programs import PARTS
    from deploy.local.stack import Stack

    stack = Stack(load())
    if not foreground:
        start_visibly(stack, parts or PARTS)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        start_visibly(stack, parts or PARTS)
        print("Ctrl-C stops it.", flush=True)
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        pass
    finally:
        print("Stopping the stack …", flush=True)
        stack.down()


def _status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
) -> None:
    """Show the state of each program and job.

    Exit code 0 if every program is up and every job runs that should, else 1.
    """
    from deploy.cluster.job_status import job_statuses
    from deploy.local.stack import Stack

    settings = load()
    programs = Stack(settings).status()
    # Without a JobManager there is nobody to ask, and its own line says so.
    asked = any(status.name == "jobmanager" and status.state == "up" for status in programs)
    jobs: list[JobStatus] = []
    trouble = None
    try:
        jobs = job_statuses(settings) if asked else []
    except UserError as error:  # the programs are told nevertheless
        trouble = error
    if as_json:
        print(msgspec.json.encode({"programs": programs, "jobs": jobs}).decode())
    else:
        show(_COLUMNS, _rows(programs))
        if asked and trouble is None:
            _show_jobs(jobs)
    if trouble is not None:
        raise trouble
    if any(status.state != "up" for status in programs) or any(job.state != "running" for job in jobs):
        raise typer.Exit(1)


def _show_jobs(jobs: Sequence[JobStatus]) -> None:
    """Print a table of the jobs, and a sentence for each that has trouble."""
    from deploy.cluster.job_status import sentence

    if not jobs:
        print("\nNo job runs; `./zielzeit submit` starts one.")
        return
    print()
    show(_JOB_COLUMNS, _job_rows(jobs, time.time()))
    for told in filter(None, map(sentence, jobs)):
        print(textwrap.fill(told, output_width() or 10_000, break_long_words=False, break_on_hyphens=False))


def _job_rows(jobs: Sequence[JobStatus], now: float) -> list[tuple[str, ...]]:
    """A row for each job, as ``_JOB_COLUMNS`` has them."""
    return [
        (
            job.name,
            f"[{_STYLES.get(job.state, 'yellow')}]{job.state}[/]",
            str(timedelta(seconds=max(0, round(now - job.since)))),
            "" if job.restarts is None else str(job.restarts),
            job.job_id,
        )
        for job in jobs
    ]


def _down(
    parts: Annotated[list[str] | None, typer.Argument(help="kafka, flink, mlflow; default: all.")] = None,
) -> None:
    """Stop every process of the stack; its data stays."""
    from deploy.local.stack import Stack
    from zielzeit.progress import Shown

    stack = Stack(load())
    with Shown().step("stopping the stack"):
        ended = stack.down(parts or ())
    print(
        f"{'The stack' if not parts else ', '.join(parts)} is down ({ended} processes ended)."
        if ended
        else "Nothing was running."
    )


def _logs(
    part: Annotated[str, typer.Argument(help="kafka, mlflow, flink, zookeeper, jobmanager or taskmanager-1, -2, ….")],
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="Number of lines per file.")] = 40,
) -> None:
    """Print the last lines of a part's log files."""
    from deploy.local.stack import Stack

    for file in Stack(load()).logs(part):
        print(f"==> {file}")
        print("\n".join(file.read_text(errors="replace").splitlines()[-lines:]))


def start_visibly(stack: Stack, parts: Sequence[str]) -> list[Status]:
    """Start the stack and show the programs' states: a live table on a terminal, else a line per change."""
    from rich.console import Console
    from rich.live import Live

    from zielzeit.terminal_table import fitting, table

    if not sys.stdout.isatty():
        seen: dict[str, str] = {}

        def say(statuses: Sequence[Status]) -> None:
            for status in statuses:
                if seen.get(status.name) != status.state:
                    seen[status.name] = status.state
                    print(f"{status.name}: {status.state} {status.address}".rstrip(), flush=True)

        return stack.up(parts, watcher=say)
    console = Console()

    def picture(statuses: Sequence[Status]) -> Table:
        rows = _rows(statuses)
        return table(_COLUMNS, rows, fitting(_COLUMNS, rows, console.width))

    with Live(console=console, refresh_per_second=4) as live:
        return stack.up(parts, watcher=lambda statuses: live.update(picture(statuses)))


def _rows(statuses: Sequence[Status]) -> Sequence[tuple[str, ...]]:
    """A row for each program, as ``_COLUMNS`` has them."""
    rows = []
    for status in statuses:
        uptime = "" if status.uptime_seconds is None else str(timedelta(seconds=round(status.uptime_seconds)))
        state = f"[{_STYLES.get(status.state, 'yellow')}]{status.state}[/]"
        rows.append((status.name, state, str(status.pid or ""), uptime, str(status.restarts), status.address))
    return rows
