"""``zielzeit tune``: learn and plot the figures behind the decision's settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zielzeit.errors import UserError


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="tune")(tune)


def tune(
    feed: Annotated[Path, typer.Argument(help="Folder of a recorded feed: planned stops and changes.")],
    station: Annotated[str, typer.Option(help="The feed's station, as boards name it.")] = "Frankfurt(Main)Hbf",
    out: Annotated[Path, typer.Option(help="File for the plot, PNG.")] = Path("docs/decisions.png"),
    every: Annotated[int, typer.Option(help="Seconds between two rebuilt boards.", min=30)] = 180,
    recorded: Annotated[
        list[Path] | None,
        typer.Option(help="Recorded boards of the station, polled with past=1: early delays are checked on them, too."),
    ] = None,
) -> None:
    """Learn corrections of delays from a recorded feed; plot decision latency against exact delays.

    One is for trains that silence decided, the other for what boards still add to a delay that is told early. Both are
    measured on periods that they were not learnt from.
    """
    from zielzeit import berlin_time
    from zielzeit.decision.decider import Decider
    from zielzeit.decision.rules import Rules, default_minutes
    from zielzeit.evaluation import early_learning, iris_feed, trade_off, tuning
    from zielzeit.evaluation import feed_truth as feeds
    from zielzeit.evaluation.early_truth import compare_early
    from zielzeit.evaluation.figures import delay_figures, figure
    from zielzeit.evaluation.rebuild_boards import rebuild
    from zielzeit.progress import Shown
    from zielzeit.recordings.read import read_boards

    if not (feed / iris_feed.PLAN).is_file():
        raise UserError(f"{feed} is not a recorded feed: it has no {iris_feed.PLAN}")
    progress = Shown()
    with progress.step("boards rebuilt"):
        truth = list(feeds.read(feed, station))
        changes = iris_feed.read_changes(feed)
        begin, end = (berlin_time.datetime_of(changes[place].at) for place in (0, -1))
        default = list(rebuild(feed, station, begin, end, every=every, past=False))
        silent = tuning.silent_trains(default, {stop.id: stop for stop in truth}, Rules())
        past = list(rebuild(feed, station, begin, end, every=every, past=True))
    with progress.step("early records compared"):
        minutes = default_minutes("early_minutes")
        series = {"rebuilt": past} | ({"recorded": list(read_boards(recorded, station))} if recorded else {})
        early = {name: compare_early(boards, truth, Decider(Rules(), 0), minutes) for name, boards in series.items()}
        teachers = early_learning.teachers(feed, station, begin, end, truth)
    with progress.step("waiting times compared"):
        trades = list(trade_off.settle(past, truth))
        trades += trade_off.simulated_day(progress)
    honest = tuning.leave_one_period_out(silent)
    for name, errors in (("last value", honest.last), ("estimate", honest.estimated)):
        found = delay_figures(errors)
        print(f"silence, {name}: mean error {found.mean_absolute}, bias {found.bias}, of {found.count}")
    gains = [abs(last) - abs(said) for last, said in zip(honest.last, honest.estimated, strict=True)]
    print(f"  the estimate is nearer by {figure(gains)} minutes on average")
    for group, learnt in sorted(tuning.learn(silent).items()):
        print(f"  {group}: add {learnt.delay:g}, error {learnt.error:g}")
    for which, compared in early.items():
        off = early_learning.held_out(compared.departures, teachers)
        for name, minutes_off in (("shown", off.shown), ("used", off.used), ("decided", off.decided)):
            found = delay_figures(minutes_off)
            told = f"mean error {found.mean_absolute}, bias {found.bias}, of {found.count}"
            print(f"early, {which}, delay {name}: {told}")
    for name, added in early_learning.learn(teachers).items():
        print(f'  "{name}": {added},')
    for trade in trades:
        print(f"{trade.setting} {trade.value}: {trade.good:.1f} %, {trade.wait:.1f} min, {trade.wrong} wrong or late")
    out.parent.mkdir(parents=True, exist_ok=True)
    trade_off.draw(trades, out)
    print(out)
