"""``zielzeit decide --early``: early predictions beside those of decided departures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zielzeit.errors import UserError

if TYPE_CHECKING:
    from zielzeit.decision.decider import Decider
    from zielzeit.evaluation.early_quality import Pair, Quality
    from zielzeit.model.predict import ServedModel
    from zielzeit.recordings.read import Recording
    from zielzeit.settings import Settings


def show_early(
    paths: list[Path], station: str | None, config: Settings, truth: list[Path], served: ServedModel | None
) -> None:
    """Print how good what is told early is, of recorded boards. Raises UserError."""
    from zielzeit.decision.decider import Decider
    from zielzeit.recordings.read import find_boards

    if not config.early_minutes:
        raise UserError("--early-minutes 0 tells nothing early: give the minutes to measure")
    recording = find_boards(paths, station)
    decider = Decider.of(config)
    if truth:
        _show_truth(recording, station, decider, config.early_minutes, truth)
    _show_outcomes(recording, decider, config, served)


def _show_truth(recording: Recording, station: str | None, decider: Decider, minutes: int, truth: list[Path]) -> None:
    import numpy as np

    from zielzeit.evaluation.early_truth import compare_early
    from zielzeit.evaluation.figures import delay_figures
    from zielzeit.evaluation.read_truth import read_truth
    from zielzeit.progress import Shown, counted
    from zielzeit.terminal_table import Column, show

    boards = counted(Shown(), "boards decided", recording.boards, recording.read())
    found = compare_early(boards, read_truth(truth, station), decider, minutes)
    print(
        f"{found.told} departures were told early, {found.revised} of them revised and {found.retracted} retracted; "
        f"{found.untold} were decided untold"
    )
    if not found.departures:
        return
    columns = [Column("delay"), *(Column(name, right=True) for name in ("count", "p50, min", "p90, min"))]
    columns += [Column(name, right=True) for name in ("exact, %", "MAE, min", "bias, min")]
    early = [one.early_wait for one in found.departures], [one.shown - one.true for one in found.departures]
    decided = [one.decided_wait for one in found.departures], [one.decided - one.true for one in found.departures]
    rows = []
    for name, (waits, errors) in (("shown early", early), ("decided", decided)):
        middle, long = np.quantile(waits, (0.5, 0.9))
        off = delay_figures(errors)
        exact, mae, bias = 100 * off.exact.value, off.mean_absolute.value, off.bias.value
        rows.append(
            (name, f"{off.count:,}", f"{middle:.1f}", f"{long:.1f}", f"{exact:.1f}", f"{mae:.2f}", f"{bias:.2f}")
        )
    show(columns, rows, "Minutes from the true departure, and errors of the delay")
    print()


def _show_outcomes(recording: Recording, decider: Decider, config: Settings, served: ServedModel | None) -> None:
    from zielzeit.evaluation.early_outcomes import compared, told_outcomes
    from zielzeit.evaluation.early_quality import by_group
    from zielzeit.evaluation.early_truth import tell
    from zielzeit.model.predict import ModelFault
    from zielzeit.progress import Shown, counted
    from zielzeit.stations.table import register

    boards = counted(Shown(), "boards followed", recording.boards, recording.read())
    told = tell(boards, decider, config.early_minutes)
    try:
        groups = by_group(compared(told_outcomes(told, register(config.stations), served)))
    except ModelFault as fault:
        raise UserError(f"the model failed, and the job would refuse it: {fault}") from None
    if not groups:
        print("No train is known to have arrived: give the boards of the destinations, too")
        return
    show_groups(groups)


def show_groups(groups: dict[str, Pair]) -> None:
    """Print how good early and decided predictions are, side by side."""
    from zielzeit.terminal_table import Column, show

    columns = [
        *(Column("departures"), Column("predicted")),
        *(Column(name, right=True) for name in ("count", "MAE, min", "skill, %", "bias, min")),
        Column("P10–P90, %", rank=1, right=True),
        *(Column(name, right=True) for name in ("wait, min", "in time, %")),
    ]
    rows = []
    for name, pair in groups.items():
        for kind, quality in (("early", pair.early), ("decided", pair.decided)):
            if quality is not None:
                rows.append((name, kind, *_cells(quality)))
    show(columns, rows, "Trains that arrived: early predictions beside those of decided departures")


def _cells(quality: Quality) -> tuple[str, ...]:
    return (
        f"{quality.count:,}",
        f"{quality.mae:.2f}",
        f"{100 * quality.skill:.1f}",
        f"{quality.bias:.2f}",
        "" if quality.coverage is None else f"{100 * quality.coverage:.1f}",
        f"{quality.wait:.1f}",
        "" if quality.before_arrival is None else f"{100 * quality.before_arrival:.1f}",
    )
