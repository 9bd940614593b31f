"""Tables and the plot of measurements: in the terminal, in docs/performance.md, in a picture beside the JSON file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from bench.measurement import Measurement
from zielzeit.errors import UserError
from zielzeit.terminal_table import Column, show

BEGIN: Final = "<!-- made by ./zielzeit bench --report -->"
END: Final = "<!-- end of what is made -->"
_PLOTTED: Final = ("engines", "whole job", "growth: stations", "latency: predictions, p99")


def print_table(measurements: Sequence[Measurement]) -> None:
    """Print all measurements."""
    columns = [
        Column("workload"),
        Column("system"),
        Column("median", right=True),
        Column("min", rank=2, right=True),
        Column("max", rank=2, right=True),
        Column("unit"),
        Column("runs", rank=3, right=True),
        Column("guarantee", rank=4),
    ]
    show(columns, [list(_cells(one)) for one in measurements], title=measurements[0].machine if measurements else "")


def _cells(one: Measurement) -> Iterator[str]:
    yield from (one.workload, one.system, figure(one.median), figure(one.min), figure(one.max))
    yield from (one.unit, str(one.runs), one.guarantee)


def figure(value: float) -> str:
    """A value with thousands marked, and as many decimals as three digits need."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def markdown(measurements: Sequence[Measurement], plot: str) -> str:
    """A table for each workload, and the picture."""
    lines = [
        BEGIN,
        "",
        f"Machine: {measurements[0].machine}.",
        "",
        f"![Medians and extremes of the measurements]({plot})",
    ]
    for workload, found in groupby(measurements, key=lambda one: one.workload):
        of = list(found)
        notes = dict.fromkeys(one.note for one in of if one.note)
        lines += ["", f"**{workload}**, {of[0].unit}{': ' if notes else ''}{'; '.join(notes)}", ""]
        lines += ["| system | guarantee | median | least | most | runs |", "|---|---|---|---|---|---|"]
        for one in of:
            values = map(figure, (one.median, one.min, one.max))
            lines.append(f"| {' | '.join((one.system, one.guarantee, *values, str(one.runs)))} |")
    return "\n".join([*lines, "", END])


def renew(page: Path, measurements: Sequence[Measurement], plot: str) -> None:
    """Replace what an earlier report wrote into a page. Raises UserError where the page has no place for it."""
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UserError(f"{page} has no lines {BEGIN} and {END}, between which the tables belong")
    page.write_text(before + markdown(measurements, plot) + after)


def draw(measurements: Sequence[Measurement], file: Path) -> None:
    """Draw bars of the main workloads: the median, and a line from the least to the most."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes a second to import

    plotted = [(name, of) for name in _PLOTTED if (of := [one for one in measurements if one.workload == name])]
    if not plotted:
        return
    heights = [len(of) for _, of in plotted]
    picture = Figure(figsize=(8, 0.9 * len(plotted) + 0.32 * sum(heights)), layout="constrained")
    axes = picture.subplots(len(plotted), 1, squeeze=False, height_ratios=heights)[:, 0]
    for (name, of), axis in zip(plotted, axes, strict=True):
        medians = [one.median for one in of]
        spread = [[one.median - one.min for one in of], [one.max - one.median for one in of]]
        bars = axis.barh([one.system for one in of], medians, xerr=spread, color="#4878a8", ecolor="#333333")
        axis.bar_label(bars, [figure(value) for value in medians], label_type="center", color="white")
        axis.invert_yaxis()
        axis.set_title(f"{name}, {of[0].unit}", loc="left", fontsize="medium")
        axis.spines[["top", "right"]].set_visible(False)
    picture.savefig(file, dpi=120)
