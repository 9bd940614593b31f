"""``zielzeit lake``: list, check, compact and fetch the stored tables."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import LakeAt, Thresholds, Today, settings_of
from zielzeit.berlin_time import BERLIN
from zielzeit.terminal_table import Column, output_width
from zielzeit.terminal_table import show as print_table

if TYPE_CHECKING:
    from zielzeit.lake.listing import TableSummary

_COLUMNS = {
    column.title: column
    for column in (
        Column("days", right=True),
        Column("rows", right=True),
        Column("files", rank=2, right=True),
        Column("MB", rank=1, right=True),
        Column("labelled", rank=3, right=True),
        Column("notes", rank=4, text=True),
    )
}


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    lake = typer.Typer(invoke_without_command=True)
    lake.callback()(show)
    lake.command(name="check")(check)
    lake.command(name="compact")(compact)
    lake.command(name="fetch")(fetch)
    app.add_typer(lake, name="lake", help="List the stored tables: days, rows, files, share of labels, gaps.")


def show(
    context: typer.Context,
    lake: LakeAt = None,
    by_day: Annotated[bool, typer.Option("--days", help="Print a line per day and table.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """List the tables of the lake."""
    if context.invoked_subcommand is not None:
        return
    import msgspec

    from zielzeit.errors import UserError
    from zielzeit.lake.listing import summaries
    from zielzeit.lake.reading import Lake
    from zielzeit.progress import Shown

    config = settings_of(context)
    found = summaries(Lake.of(config), Shown())
    if not any(one.days for one in found):
        raise UserError(f"{config.lake} holds no tables: `./zielzeit store` fills it, ZIELZEIT_LAKE says where it is")
    if as_json:
        print(msgspec.json.encode(found).decode())
        return
    _table([row for one in found for row in (_by_day(one) if by_day else [_line(one)])])


def check(
    context: typer.Context,
    lake: LakeAt = None,
    days: Annotated[int, typer.Option(min=1, help="Look at so many of the last days.")] = 7,
    today: Today = None,
    thresholds: Thresholds = None,
) -> None:
    """Report on the newest days: tables, and what is missing, stale or shifted.

    Exit code 1 if there is a fault. `retrain` would refuse faults of the examples.
    """
    from training import data_checks
    from training import thresholds as limits
    from zielzeit.lake.listing import summaries
    from zielzeit.lake.quality import faults
    from zielzeit.lake.reading import Lake
    from zielzeit.progress import Shown

    config = settings_of(context)
    rules = limits.load(thresholds or limits.FILE).data
    day = today.date() if today else datetime.now(BERLIN).date()
    kept = Lake.of(config)
    tables = summaries(kept, Shown())
    _table([_line(one) for one in tables])
    found = faults(tables, day, days=days, stale_days=rules.stale_days, hole_minutes=rules.hole_minutes)
    if not config.lake_uri.startswith("s3://"):
        found += [f"examples: {fault}" for fault in data_checks.faults(Path(kept.root) / "examples", day, rules)]
    for fault in found:
        print(fault)
    print(f"{config.lake}: {len(found)} faults on the last {days} days before {day}")
    if found:
        raise typer.Exit(1)


def compact(
    context: typer.Context,
    lake: LakeAt = None,
    quiet: Annotated[float, typer.Option(min=0, help="Leave days alone that got a file in the last minutes.")] = 60.0,
) -> None:
    """Merge the files of each finished day into one; safe to stop at any moment and to run again."""
    from zielzeit.lake.compaction import compact as compact_days
    from zielzeit.lake.reading import Lake
    from zielzeit.progress import Shown

    config = settings_of(context)
    made = compact_days(Lake.of(config), quiet_seconds=quiet * 60, progress=Shown())
    for one in made:
        print(f"{one.table} {one.day}: one file of {one.files}")
    print(f"{config.lake}: {len(made)} files made of {sum(one.files for one in made)}")


def fetch(
    context: typer.Context,
    table: Annotated[str, typer.Argument(help="Name of a table: examples, outcomes, …")],
    folder: Annotated[Path, typer.Argument(help="Folder of the copy: a lake of its own.")],
    lake: LakeAt = None,
) -> None:
    """Copy a table of the lake to a folder, for commands that read folders alone; files that are there stay."""
    from zielzeit.lake.fetching import fetch as copy
    from zielzeit.lake.reading import Lake
    from zielzeit.progress import Shown

    config = settings_of(context)
    copied = copy(Lake.of(config), table, folder, Shown())
    print(f"{folder / table}: {copied} files copied from {config.lake}")


def _table(rows: list[dict[str, str]]) -> None:
    if output_width() is not None:
        columns = [_COLUMNS.get(name, Column(name)) for name in rows[0]]
        print_table(columns, [list(row.values()) for row in rows])
        return
    for row in rows:
        print(", ".join(f"{name} {value}" for name, value in row.items() if value))


def _line(one: TableSummary) -> dict[str, str]:
    notes = [f"{count:,} {status}" for status, count in one.statuses.items()]
    if one.missing_days:
        notes.append(f"{len(one.missing_days)} days missing, the first {one.missing_days[0]}")
    if one.worst is not None:
        notes.append(f"longest hole {one.worst.longest_hole_minutes:.1f} min on {one.worst.day}")
    return {
        "table": one.name,
        "days": str(len(one.days)),
        "from": str(one.days[0].day) if one.days else "",
        "to": str(one.days[-1].day) if one.days else "",
        "rows": f"{one.rows:,}",
        "files": f"{one.files:,}",
        "MB": f"{one.bytes / 1e6:.1f}",
        "labelled": "" if one.label_rate is None else f"{one.label_rate:.1%}",
        "notes": "; ".join(notes),
    }


def _by_day(one: TableSummary) -> list[dict[str, str]]:
    return [
        {
            "table": one.name,
            "day": str(day.day),
            "rows": f"{day.rows:,}",
            "files": f"{day.files:,}",
            "MB": f"{day.bytes / 1e6:.1f}",
            "longest hole": "" if day.longest_hole_minutes is None else f"{day.longest_hole_minutes:.1f} min",
        }
        for day in one.days
    ]
