"""``zielzeit bench``: measurements of speed, latency, growth and restarts, and their report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import settings_of


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command(name="bench")(_bench)


def _bench(
    context: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help="Small inputs, one run each.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="One workload; may be repeated. Default: all but settings.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write the measurements to this file, and the plot beside it.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Measure nothing: show this file's measurements, renew plot and documentation."),
    ] = None,
    boards: Annotated[
        list[Path] | None,
        typer.Option("--boards", help="Recorded boards of one station, for throughput instead of simulated ones."),
    ] = None,
) -> None:
    """Measure the job and other engines in one run, on a stack of its own.

    Workloads: engines (one decision driven by several engines), job (the
    whole job, cold and warm), latency (at Germany's load), growth (by
    stations and parallelism), restart (after a kill), score (features and
    model); and, where it is asked for, settings (the whole job with other
    ones). Each figure is the median of several runs that alternate.

    The first time takes some minutes more: it makes the boards, trains a
    model and installs the other engines, each in an environment of its own,
    below .local/bench.
    """
    from bench import measurement, workloads
    from bench import report as reports
    from zielzeit.progress import Shown
    from zielzeit.settings import CHECKOUT

    if report is not None:
        found = measurement.read(report)
        picture = report.with_suffix(".png")
        reports.draw(found, picture)
        page = None if CHECKOUT is None else CHECKOUT / "docs" / "performance.md"
        if page is not None and page.parent.resolve() == report.resolve().parent:
            reports.renew(page, found, picture.name)
            typer.echo(f"{page.name} and {picture.name} are renewed.")
        reports.print_table(found)
        return
    size = workloads.QUICK if quick else workloads.FULL
    found = []
    for measured in workloads.measure(settings_of(context), size, Shown(), only or (), boards or ()):
        found += measured
        if json is not None:  # at once: a workload that fails later loses nothing
            measurement.write(found, json)
            reports.draw(found, json.with_suffix(".png"))
    reports.print_table(found)
