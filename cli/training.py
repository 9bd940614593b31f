"""``zielzeit train | evaluate | promote | retrain | calibrate | predict``: models from examples to production."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.known_names import print_known
from cli.options import MlflowUri, Thresholds, Today, settings_of
from zielzeit.berlin_time import BERLIN
from zielzeit.errors import GATE_CLOSED

if TYPE_CHECKING:
    from training.promotion import PromotionResult
    from training.training_run import TrainingRun
    from zielzeit.progress import Progress
    from zielzeit.settings import Settings

Data = Annotated[Path | None, typer.Option("--examples", help="Folder of examples, as `history import` writes them.")]
Named = Annotated[
    str | None, typer.Option("--model", help="models:/…, runs:/… or a folder; default: the version registered last.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="train")(train)
    app.command(name="evaluate")(evaluate)
    app.command(name="promote")(promote)
    app.command(name="retrain")(retrain)
    app.command(name="calibrate")(calibrate)
    app.command(name="predict")(predict)


def train(
    context: typer.Context,
    folder: Data = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last service day to learn from.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Train a first champion on a simulated month that ends yesterday.")
    ] = False,
    station_count: Annotated[
        int, typer.Option("--stations", min=5, max=500, help="With --quick: number of stations of the railway.")
    ] = 12,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal models, and with --quick equal railways.")] = 1,
    alias: Annotated[
        str | None, typer.Option(help="Alias of the new version; default: challenger, with --quick champion.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Also keep the model's files in this folder.")] = None,
    boards: Annotated[
        list[Path] | None,
        typer.Option(help="Recorded boards: the model card says how much of them the network's state knows."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of LightGBM; 1 is faster on a busy machine.")] = 2,
    mlflow_uri: MlflowUri = None,
) -> None:
    """Train a model on examples and register it in MLflow.

    The last line of the output is the new version's URI.
    """
    from training.first_model import train_first_model
    from zielzeit.errors import UserError
    from zielzeit.progress import Shown

    config, last, progress = settings_of(context), until.date() if until else None, Shown()
    if quick and boards:
        raise UserError("train: --boards are those of a real railway, --quick trains on a simulated one")
    if quick == (folder is not None):
        raise UserError("train: give either --examples DIR or --quick")
    if folder is None:
        run = train_first_model(
            config,
            stations=station_count,
            seed=seed,
            last=last,
            alias=alias,
            out=out,
            threads=threads,
            progress=progress,
        )
    else:
        run = _train_on(config, folder, last, alias, out, seed, threads, boards or [], progress)
    card, registered = run.card, run.registered
    for title, known in (("network's state", card.archive_names), ("boards", card.board_names)):
        if known:
            print_known(title, known)
            print()
    print(f"{card.examples:,} examples from {card.trained_from} to {card.trained_until}; store {run.store}")
    print(f"version {registered.version}, run {registered.run_id}")
    print(registered.uri)


def _train_on(
    config: Settings,
    folder: Path,
    last: date | None,
    alias: str | None,
    out: Path | None,
    seed: int,
    threads: int,
    boards: list[Path],
    progress: Progress,
) -> TrainingRun:
    from tempfile import TemporaryDirectory

    from training.model_registry import CHALLENGER
    from training.training_run import train_and_register

    with TemporaryDirectory(prefix="zielzeit-train-") as scratch:
        return train_and_register(
            config,
            folder,
            last or _last_day(folder),
            out or Path(scratch) / "model",
            alias=alias or CHALLENGER,
            seed=seed,
            threads=threads,
            boards=boards,
            progress=progress,
        )


def evaluate(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--examples", help="Folder of examples, as `history import` writes them.")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First service day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last service day.")],
    model: Named = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML report with plots to this file.")] = None,
    early: Annotated[
        bool,
        typer.Option(
            "--early",
            help="Also set its early predictions beside those of the decided departures: what it served, of the lake's "
            "outcomes of these days.",
        ),
    ] = False,
    mlflow_uri: MlflowUri = None,
) -> None:
    """Measure a model on later days: a table, JSON, an HTML report.

    Intervals are calibrated anew for each day, with the labels known at its start.

    With --early, JSON, report and the version's run in MLflow also have how good its early predictions were.
    """
    from training import evaluation, model_registry

    config = settings_of(context)
    model_registry.connect(config)
    uri = model or model_registry.newest(config)
    loaded, files = model_registry.fetch(uri)
    scored = evaluation.evaluate(loaded, folder, first.date(), last.date())
    figures = {"model": uri, "from": str(first.date()), "to": str(last.date()), **evaluation.summary(scored)}
    if early:
        figures["early"] = _early(config, uri, first.date(), last.date())
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")
    if report is not None:
        from training import evaluation_report

        evaluation_report.write(report, figures, scored, folder, files)
        model_registry.attach(uri, report)
    _print_table(figures["classes"])


def _early(config: Settings, uri: str, first: date, last: date) -> dict[str, Any]:
    """Print the record of early predictions, and log it to the version's run."""
    from cli.early import show_groups
    from training import model_registry
    from training.early_record import early_record
    from zielzeit.evaluation.early_quality import as_json

    _, version, _ = model_registry.identity(uri)
    groups = early_record(config, first, last, version)
    record = as_json(groups)
    model_registry.log_early(uri, record)
    show_groups(groups)
    print()
    return record


def promote(
    context: typer.Context,
    folder: Data = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Make the previous champion the champion again.")
    ] = False,
    version: Annotated[
        int | None, typer.Option(min=1, help="Make this version the champion, without asking the gate.")
    ] = None,
    thresholds: Thresholds = None,
    mlflow_uri: MlflowUri = None,
) -> None:
    """Make the challenger the champion if it is good enough on the newest days, or go back to an older version.

    Exit code 3 if it is not; the reasons are printed and kept with its version.
    """
    from training import model_registry, promotion
    from training import thresholds as limits
    from zielzeit.errors import UserError

    config = settings_of(context)
    if sum([folder is not None, rollback, version is not None]) != 1:
        raise UserError("promote: give --examples DIR to compare the models, or --rollback, or --version N")
    model_registry.connect(config)
    if folder is not None:
        rules = limits.load(thresholds or limits.FILE)
        _say(promotion.promote(config, folder, rules.promotion))
    elif version is not None:
        before = promotion.make_champion(config, str(version))
        print(f"champion is version {version} now" + (f", no longer {before}" if before else ""))
    else:
        old, new = promotion.roll_back(config)
        print(f"champion is version {new} again, no longer {old}")


def retrain(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--examples", help="Folder of examples, old and new.")],
    files: Annotated[list[Path] | None, typer.Argument(help="History files to import first.")] = None,
    today: Today = None,
    thresholds: Thresholds = None,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal models.")] = 1,
    mlflow_uri: MlflowUri = None,
) -> None:
    """Import, train, evaluate and promote, once per newest day.

    Does nothing if a model for the newest day exists; fails without a change if the data is missing, stale or shifted.
    Exit code 3 if the challenger was not good enough: the champion stays.
    """
    from training import model_registry, retraining
    from training import thresholds as limits
    from zielzeit.progress import Shown

    config = settings_of(context)
    rules = limits.load(thresholds or limits.FILE)
    model_registry.connect(config)
    now = today.date() if today else datetime.now(BERLIN).date()
    done = retraining.retrain(config, folder, files or [], today=now, rules=rules, progress=Shown(), seed=seed)
    if done.done_before or done.result is None:
        print(f"nothing to do: a model for {done.newest_day} is in the registry")
        return
    print(done.uri)
    _say(done.result)


def calibrate(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--examples", help="Folder of examples, old and new.")],
    mlflow_uri: MlflowUri = None,
) -> None:
    """Calibrate the champion's intervals on the newest days.

    For every day between two retrainings: medians stay as they are, P10 and P90 follow the railway.
    """
    from training import model_registry, retraining

    config = settings_of(context)
    model_registry.connect(config)
    uri = retraining.calibrate(config, folder)
    print(uri or "nothing to do: the champion's intervals have seen the newest day")


def predict(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--examples", help="Folder of examples.")],
    out: Annotated[Path, typer.Option("--out", help="Parquet file to write.")],
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First service day.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last service day.")] = None,
    model: Named = None,
    mlflow_uri: MlflowUri = None,
) -> None:
    """Predict for examples in a batch, with the model that the job uses.

    Writes train, time, prediction and, if known, the truth.
    """
    from training import batch_scoring, model_registry

    config = settings_of(context)
    model_registry.connect(config)
    uri = model or model_registry.newest(config)
    loaded, _ = model_registry.fetch(uri)
    count = batch_scoring.predict(loaded, folder, first.date() if first else None, last.date() if last else None, out)
    print(f"{out}: {count:,} predictions by {uri}")


def _say(result: PromotionResult) -> None:
    against = f"champion {result.champion}" if result.champion else "no champion"
    print(f"challenger {result.challenger} against {against}, {result.first_day} to {result.last_day}:")
    if result.promoted:
        print(f"version {result.challenger} is the champion now")
        return
    for reason in result.reasons:
        print(f"  {reason}")
    print("the champion stays")
    raise typer.Exit(GATE_CLOSED)


def _last_day(folder: Path) -> date:
    from training import examples
    from zielzeit.errors import UserError

    known = examples.days(folder)
    if not known:
        raise UserError(f"{folder} holds no examples (day=…/*.parquet): make some with `zielzeit history import`")
    return known[-1]


def _print_table(classes: dict[str, dict[str, float]]) -> None:
    from zielzeit.terminal_table import Column, show

    # Figure, its title and its rank: what is left out first where the terminal is narrow.
    shown = {
        "n": ("examples", 0),
        "mae": ("MAE", 0),
        "mae_persistence": ("persistence", 0),
        "skill": ("skill", 0),
        "rmse": ("RMSE", 2),
        "coverage": ("coverage", 1),
        "width": ("width", 1),
    }
    rows = [
        (name, *(f"{figures[key]:,}" if key == "n" else f"{figures[key]:,.3f}" for key in shown))
        for name, figures in classes.items()
    ]
    show([Column("class"), *(Column(title, rank, right=True) for title, rank in shown.values())], rows)
