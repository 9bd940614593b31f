"""``zielzeit train | evaluate | promote | retrain | predict``: models from examples to production."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

import settings as configuration

Data = Annotated[Path | None, typer.Option("--examples", help="Folder of examples, as `history import` writes them.")]
Store = Annotated[str | None, typer.Option("--mlflow-uri", help="MLflow tracking server or store.")]
Named = Annotated[
    str | None, typer.Option("--model", help="models:/…, runs:/… or a folder; else the version trained last.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="train", help="Train on examples and register the model in MLflow.")(train)
    app.command(name="evaluate", help="Measure a model on later days: a table, JSON, an HTML report.")(evaluate)


def train(
    folder: Data = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last service day to learn from.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A first champion from a simulated month.")] = False,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal models.")] = 1,
    alias: Annotated[
        str | None, typer.Option(help="Alias of the new version; else challenger, with --quick champion.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Keep the model's files in this folder too.")] = None,
    mlflow_uri: Store = None,
) -> None:
    """Prints the new version's URI last."""
    from tempfile import TemporaryDirectory

    from cli.steps import steps
    from errors import UserError
    from training import fitting, models, registry
    from training import quick as quickly

    config = configuration.load(mlflow_uri=mlflow_uri)
    if quick == (folder is not None):
        raise UserError("train: give either --examples DIR or --quick")
    with TemporaryDirectory(prefix="zielzeit-train-") as scratch:
        if quick:
            print(f"simulating {quickly.DAYS} days of a railway with {quickly.STATIONS} stations")
            quickly.simulated_month(Path(scratch), seed)
        data = folder or Path(scratch) / "examples"
        last = until.date() if until else _last_day(data)
        model = out or Path(scratch) / "model"
        rounds = quickly.ROUNDS if quick else fitting.ROUNDS
        with steps() as tell:
            card = models.train(data, last, model, seed=seed, tell=tell, rounds=rounds)
        store = registry.connect(config)
        uri, version, run_id = registry.register(
            config,
            model,
            card,
            data,
            parameters={"seed": seed, **{f"rounds_{head}": count for head, count in rounds.items()}},
            alias=alias or (config.model_alias if quick else registry.CHALLENGER),
        )
    print(f"{card.examples:,} examples from {card.trained_from} to {card.trained_until}; store {store}")
    print(f"version {version}, run {run_id}")
    print(uri)


def evaluate(
    folder: Annotated[Path, typer.Option("--examples", help="Folder of examples, as `history import` writes them.")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First service day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last service day.")],
    model: Named = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML report with plots to this file.")] = None,
    mlflow_uri: Store = None,
) -> None:
    """Intervals are recalibrated for each day with the labels known when it began."""
    from training import evaluation, registry

    config = configuration.load(mlflow_uri=mlflow_uri)
    registry.connect(config)
    uri = model or registry.newest(config)
    loaded, _ = registry.fetch(uri)
    scored = evaluation.evaluate(loaded, folder, first.date(), last.date())
    figures = {"model": uri, "from": str(first.date()), "to": str(last.date()), **evaluation.summary(scored)}
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")
    _print_table(figures["classes"])


def _last_day(folder: Path) -> date:
    from errors import UserError
    from training import examples

    known = examples.days(folder)
    if not known:
        raise UserError(f"{folder} holds no examples (day=…/*.parquet): make some with `zielzeit history import`")
    return known[-1]


def _print_table(classes: dict[str, dict[str, float]]) -> None:
    from rich.console import Console
    from rich.table import Table

    columns = ("n", "mae", "mae_persistence", "skill", "rmse", "coverage", "width")
    table = Table("class", *columns)
    for name, figures in classes.items():
        table.add_row(
            name, *(f"{figures[column]:,.3f}" if column != "n" else f"{figures[column]:,}" for column in columns)
        )
    Console(width=None if Console().is_terminal else 120).print(table)
