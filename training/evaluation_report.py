"""Report of an evaluation (``evaluate --report``): tables and plots in one HTML file."""

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
from sklearn.calibration import calibration_curve

from training import examples, slices
from training.calibration import LEVEL
from training.evaluation import ScoredExamples
from zielzeit import train_classes
from zielzeit.features.definition import FEATURES
from zielzeit.model.delay_model import file_name

mpl.use("Agg")
mpl.rcParams["date.converter"] = "concise"
TEMPLATE = Path(__file__).with_name("evaluation_report.html.j2")
_BEFORE = timedelta(days=28)
Shown = TypeVar("Shown")


def write(path: Path, figures: dict[str, Any], scored: dict[str, ScoredExamples], folder: Path, model: Path) -> None:
    """Write the report; ``figures`` come from ``evaluation.summary``, ``model`` is the model's folder."""
    first = date.fromisoformat(figures["from"])
    before = [day for day in examples.days(folder) if first - _BEFORE <= day < first]
    sections = []
    for name, part in scored.items():
        arrived = part.arrived()
        train_class = train_classes.CLASSES.index(name)
        names = _names(folder, figures, train_class)
        worst = slices.relations(arrived, names)
        tables = slices.tables(arrived)
        plots = {
            "MAE of model and persistence by horizon": _plot(_errors, tables["horizon"]),
            "Coverage by day": _plot(_coverage, arrived),
            "Feature importance": _plot(_importance, model / file_name(name, "growth")),
        }
        if part.data.cancelled.any():
            plots["Reliability of the probability of cancellation"] = _plot(_reliability, part)
        sections.append(
            {
                "name": title(name),
                "figures": figures["classes"][name],
                "interval": slices.skill_interval(arrived),
                "pair_skill": slices.station_pair_skill(arrived, names, folder, train_class, before),
                "tables": tables,
                "worst": worst.head(15).to_dicts(),
                "common": common_traits(worst),
                "plots": plots,
            }
        )
    environment = jinja2.Environment(autoescape=True)
    environment.filters["bin"] = bin_label
    environment.filters["departures"] = departures_label
    page = environment.from_string(TEMPLATE.read_text()).render(figures=figures, sections=sections)
    path.write_text(page)


def title(train_class: str) -> str:
    """Name of a train class for people: ``long_distance`` is ``Long distance``, ``RE`` stays."""
    words = train_class.replace("_", " ")
    return words[0].upper() + words[1:]


def bin_label(name: str) -> str:
    """A bin for people: ``0-15`` is ``0–15``, ``120-`` is ``120 and more``."""
    return f"{name[:-1]} and more" if name.endswith("-") else name.replace("-", "–")


def departures_label(name: str) -> str:
    """A group of departures for people: ``long_distance 0-15`` is ``Long distance, 0–15 minutes``."""
    train_class, _, horizon = name.partition(" ")
    return f"{title(train_class)}, {bin_label(horizon)} minutes" if horizon else title(train_class)


def _names(folder: Path, figures: dict[str, Any], train_class: int) -> pl.DataFrame:
    """Station and destination of the arrived examples, in the order of ``dataset.load``."""
    first, last = (date.fromisoformat(figures[end]) for end in ("from", "to"))
    frame = examples.read(folder, first, last, ["train_class", "cancelled", "final_delay", "station", "destination"])
    chosen = (
        (pl.col("train_class") == train_class) & pl.col("cancelled").is_not_null() & pl.col("final_delay").is_not_null()
    )
    return frame.filter(chosen).select("station", "destination")


def common_traits(worst: pl.DataFrame) -> str:
    """A sentence that compares the tenth of relations with the largest errors with the others."""
    if len(worst) < 20:
        return "There are too few relations to compare them."
    top, rest = worst.head(len(worst) // 10), worst.slice(len(worst) // 10)
    (h1, h2), (d1, d2) = (
        [float(part[column].to_numpy().mean()) for part in (top, rest)] for column in ("horizon", "delay")
    )
    return (
        f"In the tenth of relations with the largest errors the mean horizon is {h1:.0f} minutes "
        f"(in the others {h2:.0f}) and the mean delay at departure {d1:.1f} minutes ({d2:.1f})."
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
    axes.set_xticks(at, [bin_label(row["slice"]) for row in rows])
    axes.set(title="Error by horizon", xlabel="horizon, minutes", ylabel="MAE, minutes")
    axes.margins(y=0.2)  # room for the legend
    axes.legend(loc="upper right", ncols=2)


def _coverage(axes: Axes, scored: ScoredExamples) -> None:
    days = np.unique(scored.data.day)
    inside = (scored.data.final >= scored.low) & (scored.data.final <= scored.high)
    axes.plot(days.astype("datetime64[D]"), [inside[scored.data.day == day].mean() for day in days], marker="o")
    axes.axhline(LEVEL, color="#888888", linestyle="--")
    axes.set(title="Share of trains inside P10–P90", xlabel="service day", ylim=(0, 1))


def _reliability(axes: Axes, scored: ScoredExamples) -> None:
    happened, predicted = calibration_curve(scored.data.cancelled, scored.cancelled, n_bins=10, strategy="quantile")
    top = max(*happened, *predicted, 0.01)
    axes.plot([0, top], [0, top], color="#888888", linestyle="--")
    axes.plot(predicted, happened, marker="o")
    axes.set(title="Cancellation", xlabel="predicted probability", ylabel="share cancelled")


def _importance(axes: Axes, path: Path) -> None:
    gain = lgb.Booster(model_file=str(path)).feature_importance("gain")
    order = np.argsort(gain)[-15:]
    axes.barh([FEATURES[index] for index in order], gain[order] / gain.sum())
    axes.tick_params(axis="y", labelsize=7)
    axes.set(title="Feature importance of the median", xlabel="share of gain")
