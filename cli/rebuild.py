"""``zielzeit rebuild``: boards from a recorded feed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from zielzeit.errors import UserError


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="rebuild")(rebuild)


def rebuild(
    feed: Annotated[Path, typer.Argument(help="Folder of a recorded feed: planned stops and changes.")],
    out: Annotated[Path, typer.Option(help="Recorded boards, .jsonl or .jsonl.zst.")],
    begin: Annotated[str, typer.Option(help="Time of the first poll, ISO; Europe/Berlin unless it has an offset.")],
    hours: Annotated[float, typer.Option(help="Hours from the first poll to the last.", min=0)] = 24.0,
    every: Annotated[int, typer.Option(help="Seconds between two boards of a station.", min=30)] = 180,
    past: Annotated[bool, typer.Option(help="Boards as polled with past=1.")] = True,
    station: Annotated[str | None, typer.Option(help="Name of the station, for a feed that names none.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Rebuild only this station of the feed; repeatable.")] = None,
) -> None:
    """Rebuild boards from a recorded feed, for replay and decide.

    Each board is what DBF would have answered from what the feed knew at that time.
    """
    from zielzeit import berlin_time
    from zielzeit.evaluation import iris_feed, rebuild_boards
    from zielzeit.progress import Shown
    from zielzeit.recordings.write import write_boards

    if not (feed / iris_feed.PLAN).is_file():
        raise UserError(f"{feed} is not a recorded feed: it has no {iris_feed.PLAN}")
    if not out.name.removesuffix(".zst").endswith(".jsonl"):
        raise UserError(f"--out {out}: name it .jsonl or .jsonl.zst, as replay reads it")
    try:
        first = datetime.fromisoformat(begin)
    except ValueError:
        raise UserError(f"--begin {begin} is not a time: give it like 2025-09-03T00:00") from None
    first = first if first.tzinfo else first.replace(tzinfo=berlin_time.BERLIN)
    last = first + timedelta(hours=hours)
    polls = int(hours * 3600) // every + 1
    boards = rebuild_boards.rebuild(
        feed, station, first, last, every=every, past=past, only=None if only is None else frozenset(only)
    )
    written = Counter[datetime]()
    with Shown().step("polls rebuilt", polls) as step:
        for board in write_boards(boards, out):
            if board.polled_at not in written:
                step.advance()
            written[board.polled_at] += 1
    if not written:
        raise UserError(f"--only {', '.join(only or ())}: {feed} has no such station")
    print(f"{out}: {written.total()} boards from {first.isoformat()}")
