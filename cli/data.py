"""``zielzeit history import``: examples from finished history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import Grace, PollIntervalSeconds, Settle, settings_of


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    history = typer.Typer(no_args_is_help=True)
    history.command(name="import")(import_files)
    app.add_typer(history, name="history", help="Import finished history as examples.")


def import_files(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="Folder for the examples, day=YYYY-MM-DD/….")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="stops_*.parquet, or months of piebro/deutsche-bahn-data.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(help="postgresql://user@host/name; put the password into PGPASSWORD or ~/.pgpass."),
    ] = None,
    query: Annotated[
        str, typer.Option(help="SQL query; its columns are named as in one kind of history file.")
    ] = "SELECT * FROM stops",
    settle: Settle = None,
    grace: Grace = None,
    poll_interval_seconds: PollIntervalSeconds = None,
) -> None:
    """Make examples from history files or a database, and add them to those of earlier imports.

    Reads rows of any known schema and prints how many were left out, by reason.

    The settings say when the stream would have known of each departure, arrival and cancellation.
    """
    from tempfile import TemporaryDirectory

    from training.history import database as databases
    from training.history.importing import import_history
    from training.history.moments import Moments
    from zielzeit.errors import UserError
    from zielzeit.progress import Shown

    if not files and database is None:
        raise UserError("history import: give files, or --database")
    moments = Moments.of(settings_of(context))
    progress = Shown()
    with TemporaryDirectory(prefix="zielzeit-rows-") as scratch:
        sources = list(files or [])
        if database is not None:
            sources.append(Path(scratch) / "rows.parquet")
            databases.fetch(database, query, sources[-1], progress)
        report = import_history(sources, out, moments, progress)
    print(f"read {report.rows:,} rows of {report.files} files")
    for reason, count in sorted(report.left_out.items()):
        if count:
            print(f"left out, {reason}: {count:,}")
    print(
        f"{out}: {report.departures:,} examples on {report.days} days, {report.labelled:,} labelled, "
        f"of those {report.cancelled:,} with a cancelled destination"
    )
