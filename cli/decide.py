"""``zielzeit decide``: the decision over recorded boards, without Flink."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import settings


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="decide", help="Decide departures from recorded boards, without Flink: a JSON line each.")(decide)


def decide(
    paths: Annotated[list[Path], typer.Argument(help="Folders of YYYYMMDDTHHMM.json[.gz], or JSON lines.")],
    station: Annotated[str | None, typer.Option(help="Station's name; else each folder's name.")] = None,
    gap_minutes: Annotated[int | None, typer.Option("--gap", help="Minutes of silence that make a departure.")] = None,
    settle_minutes: Annotated[
        int | None, typer.Option("--settle", help="Minutes that a row on the boards must have stayed as it is.")
    ] = None,
    grace_minutes: Annotated[int | None, typer.Option("--grace", help="Minutes that boards may be late.")] = None,
    max_silence_minutes: Annotated[
        int | None, typer.Option("--max-silence", help="Minutes of outage across which a decision is made.")
    ] = None,
) -> None:
    """One JSON line per decision, in the order in which they are made; what could not be read goes to stderr."""
    import msgspec

    from ingest.recorded import read_boards
    from udfs.deciding import Decider, Unreadable
    from udfs.offline import decide as decide_boards

    config = settings.load(
        gap_minutes=gap_minutes,
        settle_minutes=settle_minutes,
        grace_minutes=grace_minutes,
        max_silence_minutes=max_silence_minutes,
    )
    decider = Decider(config.rules(), config.grace_minutes)
    encode = msgspec.json.Encoder().encode
    out = sys.stdout.buffer
    for name, at, outcome in decide_boards(read_boards(paths, station), decider):
        if isinstance(outcome, Unreadable):
            print(f"{name} {at}: {outcome.reason}", file=sys.stderr)
        elif outcome.kind != "planned":
            out.write(encode(outcome) + b"\n")
    out.flush()
