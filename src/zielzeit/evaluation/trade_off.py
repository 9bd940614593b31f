"""Trade-off between decision latency and exact delays, for each waiting time of the decision.

``settle`` is measured on real boards, the others on a simulated day with every fault.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, MaxNLocator

from zielzeit.boards.record import BoardRecord
from zielzeit.decision.decider import Decider
from zielzeit.decision.rules import Rules, default_minutes
from zielzeit.evaluation import truth_log, tuning
from zielzeit.evaluation.comparison import Comparison, TrueStop
from zielzeit.evaluation.evaluate import compare
from zielzeit.progress import SILENT, Progress
from zielzeit.recordings.read import read_boards
from zielzeit.simulator.clock import BERLIN
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.recording import record
from zielzeit.simulator.timetable import build
from zielzeit.simulator.world import World

SETTLE = (1, 2, 3, 5, 7, 8, 10, 12, 15, 20, 30)
GAP = (2, 3, 4, 5, 7, 10, 15, 20)
MAX_SILENCE = (15, 20, 30, 45, 60, 90, 120)
GRACE = (0, 1, 2, 3, 4, 5)
_STATIONS, _SEED = 40, 7
_START = datetime(2026, 3, 10, 4, tzinfo=BERLIN)


class TradeOff(msgspec.Struct, frozen=True):
    """Gain and cost of one value of one setting."""

    setting: str
    value: int
    wait: float
    """Median minutes from the true departure to the decision."""
    good: float
    """Gain, percent: delays exact at once (settle), trains that did not come back (gap), departures found
    (max_silence), boards in time (grace)."""
    wrong: int
    """Departures missed, invented or doubled; boards too late (grace)."""


def settle(boards: Sequence[BoardRecord], truth: Sequence[TrueStop]) -> Iterator[TradeOff]:
    """Values of ``settle`` on real boards with ``past=1``."""
    for value in SETTLE:
        found = compare(boards, truth, Decider(Rules(settle=value), 0))
        yield _trade("settle", value, found, _exact(found))


def simulated_day(progress: Progress = SILENT) -> Iterator[TradeOff]:
    """Values of ``gap``, ``max_silence`` and ``grace`` on default boards of a simulated day with every fault."""
    with tempfile.TemporaryDirectory() as folder:
        file, truth_file = Path(folder) / "boards.jsonl", Path(folder) / "truth.jsonl"
        record(
            World(build(_STATIONS, _SEED)),
            file,
            start=_START,
            hours=24,
            past=False,
            faults=Faults.parse("all", _SEED),
            truth_file=truth_file,
            progress=progress,
        )
        truth = list(truth_log.read(truth_file))
        boards = list(read_boards([file]))
        late = tuning.lateness(file)
    for value in GAP:
        found = compare(boards, truth, Decider(Rules(gap=value), 0))
        yield _trade("gap", value, found, 100 - 100 * found.came_back / found.counts["found"])
    for value in MAX_SILENCE:
        found = compare(boards, truth, Decider(Rules(max_silence=value), 0))
        known = found.counts.get("found", 0)
        yield _trade("max_silence", value, found, 100 * known / max(1, known + found.counts.get("missed", 0)))
    for value in GRACE:
        in_time = sum(minutes < value or not minutes for minutes in late)
        yield TradeOff("grace", value, float(value), 100 * in_time / len(late), len(late) - in_time)


def draw(trades: Sequence[TradeOff], out: Path) -> None:
    """Draw the plot to a file: for each setting its gain and its cost."""
    figure = Figure(figsize=(11, 8), layout="constrained")
    axes = figure.subplots(2, 2)
    titles = {
        "settle": ("settle: boards with past=1, Frankfurt, two days", "delays exact at once, %"),
        "gap": ("gap: default boards, simulated day, every fault on", "decided trains not shown again, %"),
        "max_silence": ("max_silence: default boards, simulated day, every fault on", "departures found, %"),
        "grace": ("grace: boards that come out of order, simulated day", "boards in time, %"),
    }
    for axis, (setting, (title, label)) in zip(axes.flat, titles.items(), strict=True):
        _panel(axis, [trade for trade in trades if trade.setting == setting], title, label, default_minutes(setting))
    figure.suptitle(
        "Number beside a point: departures missed, invented or doubled (grace: boards too late)", fontsize=9
    )
    figure.savefig(out, dpi=110, metadata={"Software": None})


def _panel(axis: Any, trades: Sequence[TradeOff], title: str, label: str, chosen: int) -> None:
    values = [trade.value for trade in trades]
    axis.plot(values, [trade.good for trade in trades], "o-", color="tab:blue")
    axis.set_title(title, fontsize=10)
    axis.set_xlabel("minutes")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_ylabel(label, color="tab:blue")
    axis.yaxis.set_major_locator(MaxNLocator(nbins=6))
    axis.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axis.axvline(chosen, color="grey", linestyle=":", label="default")
    axis.legend(loc="lower right", fontsize=8)
    other = axis.twinx()
    other.plot(values, [trade.wait for trade in trades], "s--", color="tab:orange", markersize=4)
    other.set_ylabel("minutes to the decision", color="tab:orange")
    other.set_ylim(0, 1.15 * max(1, *(trade.wait for trade in trades)))
    axis.set_zorder(other.get_zorder() + 1)  # otherwise the second curve covers the numbers
    axis.patch.set_visible(False)
    for trade in trades:
        if trade.wrong:
            place = (trade.value, trade.good)
            box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"}
            axis.annotate(str(trade.wrong), place, textcoords="offset points", xytext=(7, -3), fontsize=8, bbox=box)


def _exact(found: Comparison) -> float:
    errors = found.delays["all"].errors
    return 100 * sum(not error for error in errors) / len(errors)


def _trade(setting: str, value: int, found: Comparison, good: float) -> TradeOff:
    wrong = sum(found.counts.get(name, 0) for name in ("missed", "invented", "doubled"))
    return TradeOff(setting, value, median(found.waits), good, wrong)
