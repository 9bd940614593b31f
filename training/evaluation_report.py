"""``evaluate --report``: the figures as a page that a person wants to look at. One HTML file, plots inside."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import jinja2
import lightgbm as lgb
import matplotlib as mpl
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training import examples, slices
from training.evaluation import ScoredExamples
from zielzeit import train_classes
from zielzeit.features.definition import FEATURES
from zielzeit.model.delay_model import file_name

mpl.use("Agg")
TEMPLATE = Path(__file__).with_name("evaluation_report.html.j2")
_BEFORE = timedelta(days=28)
Shown = TypeVar("Shown")


def write(path: Path, figures: dict[str, Any], scored: dict[str, ScoredExamples], folder: Path, model: Path) -> None:
    """Write the page; ``figures`` is what ``evaluation.summary`` made, ``model`` the model's folder."""
    first = date.fromisoformat(figures["from"])
    before = [day for day in examples.days(folder) if first - _BEFORE <= day < first]
    sections = []
    for name, part in scored.items():
        arrived = part.arrived()
        train_class = train_classes.CLASSES.index(name)
        names = _names(folder, figures, train_class)
        worst = slices.relations(arrived, names)
        tables = slices.tables(arrived)
        sections.append(
            {
                "name": name,
                "figures": figures["classes"][name],
                "interval": slices.skill_interval(arrived),
                "pair_skill": slices.station_pair_skill(arrived, names, folder, train_class, before),
                "tables": tables,
                "worst": worst.head(15).to_dicts(),
                "common": common_traits(worst),
                "plots": [
                    _plot(_errors, tables["horizon"]),
                    _plot(_coverage, arrived),
                    _plot(_reliability, part),
                    _plot(_importance, model / file_name(name, "growth")),
                ],
            }
        )
    environment = jinja2.Environment(autoescape=True)
    page = environment.from_string(TEMPLATE.read_text()).render(figures=figures, sections=sections)
    path.write_text(page)


def _names(folder: Path, figures: dict[str, Any], train_class: int) -> pl.DataFrame:
    """Station and destination of the arrived examples, in the order of ``dataset.load``."""
    first, last = (date.fromisoformat(figures[end]) for end in ("from", "to"))
    frame = examples.read(folder, first, last, ["train_class", "cancelled", "final_delay", "station", "destination"])
    chosen = (
        (pl.col("train_class") == train_class) & pl.col("cancelled").is_not_null() & pl.col("final_delay").is_not_null()
    )
    return frame.filter(chosen).select("station", "destination")


def common_traits(worst: pl.DataFrame) -> str:
    """What the tenth of relations with the largest errors have in common, in a sentence."""
    if len(worst) < 20:
        return "too few relations to compare"
    top, rest = worst.head(len(worst) // 10), worst.slice(len(worst) // 10)
    (h1, h2), (d1, d2) = (
        [float(part[column].to_numpy().mean()) for part in (top, rest)] for column in ("horizon", "delay")
    )
    return (
        f"The tenth with the largest errors has {h1:.0f} minutes to go on average (the others {h2:.0f}) and departs "
        f"{d1:.1f} minutes late (the others {d2:.1f})."
    )


def _plot(draw: Callable[[Axes, Shown], None], what: Shown) -> str:
    figure = Figure(figsize=(5.6, 3.4), layout="constrained")
    draw(figure.subplots(), what)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return base64.b64encode(buffer.getvalue()).decode()


def _errors(axes: Axes, rows: list[dict[str, Any]]) -> None:
    at = np.arange(len(rows))
    axes.bar(at - 0.2, [row["mae_persistence"] for row in rows], 0.4, label="persistence", color="#bbbbbb")
    axes.bar(at + 0.2, [row["mae"] for row in rows], 0.4, label="model", color="#1f77b4")
    axes.set_xticks(at, [row["slice"] for row in rows])
    axes.set(title="Error by horizon", xlabel="planned minutes to go", ylabel="MAE, minutes")
    axes.legend()


def _coverage(axes: Axes, scored: ScoredExamples) -> None:
    days = np.unique(scored.data.day)
    inside = (scored.data.final >= scored.low) & (scored.data.final <= scored.high)
    axes.plot([inside[scored.data.day == day].mean() for day in days], marker="o")
    axes.axhline(0.8, color="#888888", linestyle="--")
    axes.set(title="Share of trains inside P10–P90", xlabel="evaluated day", ylim=(0, 1))


def _reliability(axes: Axes, scored: ScoredExamples) -> None:
    truth = scored.data.cancelled
    edges = np.unique(np.quantile(scored.cancelled, np.linspace(0, 1, 11)))
    bins = np.clip(np.searchsorted(edges, scored.cancelled, side="right") - 1, 0, max(len(edges) - 2, 0))
    said = [scored.cancelled[bins == index].mean() for index in np.unique(bins)]
    happened = [truth[bins == index].mean() for index in np.unique(bins)]
    top = max([*said, *happened, 0.01])
    axes.plot([0, top], [0, top], color="#888888", linestyle="--")
    axes.plot(said, happened, marker="o")
    axes.set(title="Reliability of cancellation", xlabel="predicted", ylabel="happened")


def _importance(axes: Axes, path: Path) -> None:
    gain = lgb.Booster(model_file=str(path)).feature_importance("gain")
    order = np.argsort(gain)[-15:]
    axes.barh([FEATURES[index] for index in order], gain[order] / gain.sum())
    axes.tick_params(axis="y", labelsize=7)
    axes.set(title="What the median is split by (share of gain)")
