"""``zielzeit demo``: the whole system on a simulated railway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Yes

if TYPE_CHECKING:
    from deploy.demo.run import Result


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="demo")(demo)


def demo(
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="End this many minutes after the job runs; default: at Ctrl-C.")
    ] = None,
    station_count: Annotated[
        int, typer.Option("--stations", min=5, max=500, help="Stations of the simulated railway.")
    ] = 12,
    speed: Annotated[float, typer.Option(min=1, max=300, help="Simulated seconds per second.")] = 60,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal railways.")] = 1,
    yes: Yes = False,
) -> None:
    """Start everything on a simulated railway and show a live table of predictions.

    Starts stack, railway, poller, model and job; at the end prints a summary and stops what it has started.
    """
    from rich.console import Console

    from deploy.demo.run import DemoOptions, demo_settings, run

    console = Console()
    options = DemoOptions(minutes=minutes, stations=station_count, speed=speed, seed=seed)
    try:
        result = run(options, demo_settings(), console)
    except KeyboardInterrupt:
        console.print("Interrupted.")
        raise typer.Exit(130) from None
    for line in summary(result):
        console.print(line, highlight=False, soft_wrap=True)
    if minutes is not None and not result.statistics.predictions:
        raise typer.Exit(1)


def summary(result: Result) -> list[str]:
    """Summary of a demo, in lines."""
    statistics = result.statistics
    first, errors = result.first_prediction_seconds, statistics.errors
    kinds = ", ".join(f"{count} {kind}" for kind, count in statistics.kinds.most_common())
    versions = ", ".join(f"{count} by model {version}" for version, count in statistics.versions.most_common())
    statuses = ", ".join(f"{count} {status}" for status, count in statistics.statuses.most_common())
    return [
        f"Boards:      {statistics.boards}",
        f"Decisions:   {statistics.decisions}" + (f" ({kinds})" if kinds else ""),
        f"Predictions: {statistics.predictions}, distinct ids {statistics.distinct}"
        + (f" ({versions})" if versions else ""),
        f"Outcomes:    {statistics.outcomes}" + (f" ({statuses})" if statuses else ""),
        f"MAE:         {errors.model:.2f} min, persistence {errors.persistence:.2f} (skill {errors.skill:.2f})"
        if errors
        else "MAE:         no train has arrived yet",
        f"First prediction after {first:.0f} s." if first is not None else "No prediction came.",
    ]
