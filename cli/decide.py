"""``zielzeit decide``: decisions from recorded boards, without Flink."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import EarlyMinutes, Gap, Grace, MaxSilence, MlflowUri, Settle, settings_of
from zielzeit.errors import UserError

if TYPE_CHECKING:
    from zielzeit.berlin_time import Milliseconds
    from zielzeit.decision.decider import Decider, Output
    from zielzeit.decision.planned_stop import PlannedStop
    from zielzeit.evaluation.figures import Figure, Figures
    from zielzeit.events.structs import Decision, Outcome
    from zielzeit.model.predict import ServedModel
    from zielzeit.settings import Settings


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="decide")(decide)


def decide(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Folders of YYYYMMDDTHHMM.json[.gz], or JSON lines.")],
    station: Annotated[str | None, typer.Option(help="Name of the station; default: the folder's name.")] = None,
    gap: Gap = None,
    settle: Settle = None,
    grace: Grace = None,
    max_silence: MaxSilence = None,
    truth: Annotated[
        list[Path] | None,
        typer.Option(
            help="Print no decisions but compare them with the truth: a truth log, or a recorded feed's folder."
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="With --truth: write all figures to this file, as JSON.")
    ] = None,
    job: Annotated[
        bool,
        typer.Option(
            "--job",
            help="Print no decisions but compare them with those on the job's topics; exit code 1 if they differ.",
        ),
    ] = False,
    outcomes: Annotated[
        bool,
        typer.Option(
            "--outcomes",
            help="Print no decisions but the outcomes of the predictions, as on the topic of that name.",
        ),
    ] = False,
    early: Annotated[
        bool,
        typer.Option(
            "--early",
            help="Print no decisions but how good early predictions are beside those of decided departures; with "
            "--truth also how far the delays shown early are off.",
        ),
    ] = False,
    early_minutes: EarlyMinutes = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="With --outcomes or --early: model that predicts, models:/…, runs:/… or a folder; default: "
            "persistence.",
        ),
    ] = None,
    mlflow_uri: MlflowUri = None,
) -> None:
    """Decide departures from recorded boards, without Flink: a JSON line each.

    Decisions are printed in the order in which they are made; boards that cannot be read are reported on stderr.

    With --truth no lines but how good they are: found, missed, invented, doubled, and how far delays are off.
    With --job no lines but whether the job, which has read the same boards to their end, decided the same.
    With --outcomes each departure is followed to its destination: give the boards of all stations on the way. A model
    predicts from the features that the job would give it, beginning with the network's state that it carries.
    With --early the same is done for what is told early, and for what is decided, side by side.
    """
    import msgspec

    from zielzeit.decision.decider import Decider
    from zielzeit.decision.offline import decide as decide_boards
    from zielzeit.events.structs import Decision
    from zielzeit.recordings.read import read_boards

    config = settings_of(context)
    decider = Decider.of(config)
    if bool(truth) + job + outcomes > 1 or early + job + outcomes > 1:
        raise UserError("--truth, --job and --outcomes exclude each other, as --early does the latter two: give one")
    if json_file is not None and (not truth or early):
        raise UserError(f"--json {json_file} takes the figures of --truth: give that, without --early")
    if model is not None and not (outcomes or early):
        raise UserError(f"--model {model} predicts what becomes of departures: it needs --outcomes or --early")
    if early:
        from cli.early import show_early

        show_early(paths, station, config, truth or [], _served(model, config))
        return
    if truth:
        _evaluate(paths, station, decider, truth, json_file)
        return
    if job:
        _compare_with_job(paths, station, decider, config)
        return
    served = _served(model, config)
    encode = msgspec.json.Encoder().encode
    out = sys.stdout.buffer
    decided = _reported(decide_boards(read_boards(paths, station), decider))
    lines: Iterable[Decision | Outcome] = (
        _outcomes(decided, config, served) if outcomes else (one for one in decided if isinstance(one, Decision))
    )
    for line in lines:
        out.write(encode(line) + b"\n")
    out.flush()


def _served(model: str | None, config: Settings) -> ServedModel | None:
    """The model that --model names; None without it."""
    if model is None:
        return None
    from training import model_registry

    model_registry.connect(config)
    return model_registry.fetch_served(model)


def _outcomes(
    decided: Iterable[Decision | PlannedStop], config: Settings, served: ServedModel | None
) -> Iterator[Outcome]:
    from zielzeit.evaluation.outcomes import outcomes
    from zielzeit.model.predict import ModelFault
    from zielzeit.stations.table import register as stations

    try:
        yield from outcomes(decided, stations(config.stations), served)
    except ModelFault as fault:
        raise UserError(f"the model failed, and the job would refuse it: {fault}") from None


def _reported(decided: Iterable[tuple[str, Milliseconds, Output]]) -> Iterator[Decision | PlannedStop]:
    """Yield what was decided; boards that could not be read are reported on stderr."""
    from zielzeit import berlin_time
    from zielzeit.decision.decider import RejectedBoard

    for name, at, output in decided:
        if isinstance(output, RejectedBoard):
            print(f"{name} {berlin_time.datetime_of(at):%Y-%m-%d %H:%M:%S}: {output.reason}", file=sys.stderr)
        else:
            yield output


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
    from zielzeit.terminal_table import Column, show

    findings = [Column("finding"), Column("count", right=True), Column("for example", text=True)]
    rows = []
    for finding, count in sorted(result.counts.items()):
        examples = [] if finding == "found" else result.examples.get(finding, [])
        rows.append((finding, f"{count:,}", "\n".join(examples[:3])))
    show(findings, rows, "Decisions beside the truth")
    print()
    delays = [
        *(Column("group"), Column("delay"), Column("count", right=True)),
        *(Column("exact, %", right=True), Column("95 %", rank=3, right=True)),
        *(Column("MAE, min", right=True), Column("95 %", rank=3, right=True)),
        *(Column("bias, min", rank=2, right=True), Column("95 %", rank=3, right=True)),
        Column("p50 p90 p99 max", rank=1, right=True),
    ]
    lines = []
    for group, series in result.delays.items():
        for name, found in series.items():
            if name == "corrected" and found == series["decided"]:
                continue
            quantiles = " ".join(f"{value:g}" for value in found.quantiles.values())
            measured = (*_measured(found.exact, 100), *_measured(found.mean_absolute), *_measured(found.bias))
            lines.append((group, name, f"{found.count:,}", *measured, quantiles))
    show(delays, lines, "Errors of the decided delays")
    print()
    waits = ", ".join(f"{name} {value:g}" for name, value in result.minutes_to_decision.items())
    print(f"Minutes from the true departure to the decision: {waits or 'none'}")
    for example in result.examples.get("delay far off", []):
        print(f"Far off: {example}")


def _measured(figure: Figure, factor: int = 1) -> tuple[str, str]:
    """A figure and its interval, each for a column."""
    value, low, high = (factor * each for each in (figure.value, figure.low, figure.high))
    return (f"{value:.1f}", f"{low:.1f} … {high:.1f}") if factor > 1 else (f"{value:.2f}", f"{low:.2f} … {high:.2f}")
