"""``zielzeit decide``: the decision over recorded boards, without Flink."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Gap, Grace, MaxSilence, Settle, settings_of
from zielzeit.errors import UserError

if TYPE_CHECKING:
    from zielzeit.decision.decider import Decider
    from zielzeit.evaluation.figures import Figures
    from zielzeit.settings import Settings


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="decide", help="Decide departures from recorded boards, without Flink: a JSON line each.")(decide)


def decide(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Folders of YYYYMMDDTHHMM.json[.gz], or JSON lines.")],
    station: Annotated[str | None, typer.Option(help="Station's name; else each folder's name.")] = None,
    gap: Gap = None,
    settle: Settle = None,
    grace: Grace = None,
    max_silence: MaxSilence = None,
    truth: Annotated[
        list[Path] | None, typer.Option(help="Compare with what happened: a truth log, or a recorded feed's folder.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="With --truth: all figures, as JSON.")] = None,
    job: Annotated[
        bool, typer.Option("--job", help="Compare with what the job wrote to its topics; exit code 1 if it differs.")
    ] = False,
) -> None:
    """One JSON line per decision, in the order in which they are made; what could not be read goes to stderr.

    With --truth no lines but how good they are: found, missed, invented, doubled, and how far delays are off.
    With --job no lines but whether the job, which has read the same boards to their end, decided the same.
    """
    import msgspec

    from zielzeit.decision.decider import Decider, Unreadable
    from zielzeit.decision.offline import decide as decide_boards
    from zielzeit.recordings.read import read_boards

    config = settings_of(context)
    decider = Decider.of(config)
    if truth:
        if job:
            raise UserError("--truth and --job are two questions: ask one after the other")
        _evaluate(paths, station, decider, truth, json_file)
        return
    if json_file is not None:
        raise UserError(f"--json {json_file} holds the figures of a comparison: give --truth, too")
    if job:
        _compare_with_job(paths, station, decider, config)
        return
    encode = msgspec.json.Encoder().encode
    out = sys.stdout.buffer
    for name, at, outcome in decide_boards(read_boards(paths, station), decider):
        if isinstance(outcome, Unreadable):
            print(f"{name} {at}: {outcome.reason}", file=sys.stderr)
        elif outcome.kind != "planned":
            out.write(encode(outcome) + b"\n")
    out.flush()


def _compare_with_job(paths: list[Path], station: str | None, decider: Decider, config: Settings) -> None:
    from zielzeit.evaluation.job_agreement import by_job, compare, offline
    from zielzeit.progress import Shown, counted
    from zielzeit.recordings.read import find_boards

    recording = find_boards(paths, station)
    boards = counted(Shown(), "boards decided", recording.boards, recording.read())
    found = compare(offline(boards, decider), by_job(config))
    print(f"{found.same} decisions of the job are those of decide")
    for ids, whose in ((found.only_offline, "decide"), (found.only_job, "the job")):
        if ids:
            print(f"{len(ids)} only of {whose}: {'; '.join(ids[:10])}")
    if found.only_offline or found.only_job:
        raise typer.Exit(1)


def _evaluate(
    paths: list[Path], station: str | None, decider: Decider, truth: list[Path], json_file: Path | None
) -> None:
    import msgspec

    from zielzeit.evaluation.evaluate import evaluate
    from zielzeit.evaluation.figures import figures
    from zielzeit.progress import Shown
    from zielzeit.recordings.read import find_boards

    result = figures(evaluate(find_boards(paths, station), decider, truth, station, progress=Shown()))
    if json_file is not None:
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    _show(result)


def _show(result: Figures) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("finding", "count", "for example", title="Decisions beside the truth")
    for finding, count in sorted(result.counts.items()):
        examples = [] if finding == "found" else result.examples.get(finding, [])
        table.add_row(finding, str(count), "\n".join(examples[:3]))
    console.print(table)
    delays = Table(
        "group", "delay", "count", "exact, %", "mean error, min", "bias, min", "p50 p90 p99 max", title="Delays"
    )
    for group, series in result.delays.items():
        for name, found in series.items():
            if name == "corrected" and found == series["decided"]:
                continue
            exact = f"{100 * found.exact.value:.1f} ({100 * found.exact.low:.1f} … {100 * found.exact.high:.1f})"
            quantiles = " ".join(f"{value:g}" for value in found.quantiles.values())
            row = (group, name, str(found.count), exact, str(found.mean_absolute), str(found.bias), quantiles)
            delays.add_row(*row)
    console.print(delays)
    waits = ", ".join(f"{name} {value:g}" for name, value in result.minutes_to_decision.items())
    console.print(f"Minutes from the true departure to the decision: {waits or 'none'}")
    for example in result.examples.get("delay far off", []):
        console.print(f"Far off: {example}", highlight=False)
