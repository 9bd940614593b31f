"""``zielzeit history``: examples from finished history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Grace, PollIntervalSeconds, Settle, settings_of

if TYPE_CHECKING:
    from training.history.checking import Check


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    history = typer.Typer(no_args_is_help=True)
    history.command(name="import")(import_files)
    history.command(name="check")(check_files)
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

    Reads rows of any known schema and prints how many were left out, by reason. A file with a value that cannot be read
    is refused with file, column and row, and the folder stays as it was.

    The settings say when the stream would have known of each departure, arrival and cancellation.
    """
    from tempfile import TemporaryDirectory

    from training.history import database as databases
    from training.history import taught_stations
    from training.history.importing import KEEPING, check_folder, import_history
    from training.history.moments import Moments
    from zielzeit.errors import UserError
    from zielzeit.progress import Shown
    from zielzeit.stations.table import register as load

    if not files and database is None:
        raise UserError("history import: give files, or --database")
    settings = settings_of(context)
    progress = Shown()
    check_folder(out)  # before a query that may take long
    with TemporaryDirectory(prefix="zielzeit-rows-") as scratch:
        sources = list(files or [])
        called = {}
        if database is not None:
            sources.append(Path(scratch) / "rows.parquet")
            called[sources[-1]] = "the query's rows"
            databases.fetch(database, query, sources[-1], progress)
        report = import_history(sources, out, Moments.of(settings), progress, load(settings.stations), called)
    print(f"read {report.rows:,} rows of {report.files} files")
    for reason, count in sorted(report.left_out.items()):
        if count:
            print(f"left out, {reason}: {count:,}")
    print(
        f"{out}: {report.departures:,} examples on {report.days} days, {report.labelled:,} labelled, "
        f"of those {report.cancelled:,} with a cancelled destination"
    )
    if report.lacking_stations:
        print(
            f"{report.lacking_stations} stations have names that the station register lacks: "
            f"ZIELZEIT_STATIONS={out / KEEPING / taught_stations.FILE} teaches it to imports, poller and job"
        )


def check_files(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(help="stops_*.parquet, or months of piebro/deutsche-bahn-data.", metavar="FILE…"),
    ],
) -> None:
    """Show what an import of the files would read and drop, and why; write nothing.

    Exit code 2 if a file would be refused.
    """
    from training.history.checking import check_history
    from training.history.moments import Moments
    from zielzeit.progress import Shown
    from zielzeit.stations.table import register as load

    settings = settings_of(context)
    check = check_history(files, Moments.of(settings), Shown(), load(settings.stations))
    _print(check)
    raise typer.Exit(0 if check.is_good else 2)


def _print(check: Check) -> None:
    from zielzeit.terminal_table import Column, show

    for file in check.files:
        print(f"\n{file.path}")
        if file.kind:
            about = {
                "is a": file.kind.family,
                "rows": f"{file.rows:,}",
                "runs by": file.kind.runs,
                "numbers from": file.kind.numbers,
                "stations from": file.kind.stations,
                "times": file.kind.times,
                "cancelled by": file.kind.cancellations,
            }
            show([Column("column"), Column("is read as", text=True)], [[name, text] for name, text in about.items()])
        if file.error:
            print(f"refused: {file.error}")
    if check.rows:
        print()
        used = [
            ["examples", f"{check.departures:,}"],
            ["… with the delay at the destination", f"{check.labelled - check.cancelled:,}"],
            ["… with a cancelled destination", f"{check.cancelled:,}"],
            ["… without label", f"{check.departures - check.labelled:,}"],
        ]
        dropped = [[f"left out: {reason}", f"{count:,}"] for reason, count in sorted(check.left_out.items()) if count]
        show([Column("all files together"), Column("rows", right=True)], [["read", f"{check.rows:,}"], *used, *dropped])
