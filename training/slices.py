"""Slices of an evaluation: by delay, hour and relation; the confidence interval of the skill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from training import examples
from training.evaluation import ScoredExamples, by_horizon, measures

DELAY_EDGES = (1, 6, 11, 21, 41)
"""Delays at departure that separate the slices, minutes."""
BOOTSTRAPS = 500
"""Number of bootstrap samples."""


def by_delay(scored: ScoredExamples) -> Iterator[tuple[str, ScoredExamples]]:
    """The examples by delay at departure, minutes; empty slices are left out."""
    bins = np.searchsorted(DELAY_EDGES, scored.data.column("delay"), side="right")
    names = ("≤ 0", "1–5", "6–10", "11–20", "21–40", "> 40")
    for index, name in enumerate(names):
        if (bins == index).any():
            yield name, scored.where(bins == index)


def by_hour(scored: ScoredExamples) -> Iterator[tuple[str, ScoredExamples]]:
    """The examples by hour of the planned departure, on Berlin's clocks."""
    hours = (scored.data.column("minute_of_day") // 60).astype(int)
    for hour in np.unique(hours):
        yield f"{hour:02}:00", scored.where(hours == hour)


def tables(scored: ScoredExamples) -> dict[str, list[dict[str, Any]]]:
    """Figures of every slice of arrived examples, by title of the table."""
    cuts = {"horizon": by_horizon, "delay at departure": by_delay, "hour of departure": by_hour}
    return {title: [{"slice": name} | measures(part) for name, part in cut(scored)] for title, cut in cuts.items()}


def skill_interval(scored: ScoredExamples) -> tuple[float, float]:
    """95 % confidence interval of the skill: bootstrap of whole days, as trains of one day are not independent."""
    error = np.abs(scored.predicted - scored.data.final)
    stayed = np.abs(scored.data.growth)
    days, index = np.unique(scored.data.day, return_inverse=True)
    sums = np.stack([np.bincount(index, weights=error), np.bincount(index, weights=stayed)])
    draws = np.random.default_rng(0).integers(0, len(days), (BOOTSTRAPS, len(days)))
    drawn = sums[:, draws].sum(axis=2)
    low, high = np.quantile(1 - drawn[0] / np.maximum(drawn[1], 1e-9), (0.025, 0.975))
    return float(low), float(high)


def relations(scored: ScoredExamples, names: pl.DataFrame) -> pl.DataFrame:
    """Figures by relation (station and destination) of arrived examples, largest error first.

    ``names`` has the station and destination of each example. Relations with fewer than 50 examples are left out.
    """
    data = scored.data
    return (
        names.with_columns(
            error=pl.Series(np.abs(scored.predicted - data.final)),
            stayed=pl.Series(np.abs(data.growth).astype(float)),
            horizon=pl.Series(data.column("horizon")),
            delay=pl.Series(data.column("delay")),
        )
        .group_by("station", "destination")
        .agg(
            n=pl.len(),
            mae=pl.col("error").mean(),
            mae_persistence=pl.col("stayed").mean(),
            horizon=pl.col("horizon").mean(),
            delay=pl.col("delay").mean(),
        )
        .filter(pl.col("n") >= 50)
        .sort("mae", descending=True)
    )


def station_pair_skill(
    scored: ScoredExamples, names: pl.DataFrame, folder: Path, train_class: int, days: list[date]
) -> float | None:
    """Skill against the relation's median growth on ``days`` (before the evaluated ones); None without days."""
    if not days:
        return None
    before = (
        examples.read(folder, days[0], days[-1], ["train_class", "station", "destination", "delay", "final_delay"])
        .filter((pl.col("train_class") == train_class) & pl.col("final_delay").is_not_null())
        .group_by("station", "destination")
        .agg(median=(pl.col("final_delay") - pl.col("delay")).median())
    )
    median = names.join(before, on=["station", "destination"], how="left", maintain_order="left")["median"]
    baseline = np.abs(scored.data.growth - median.fill_null(0).to_numpy()).mean()
    return float(1 - np.abs(scored.predicted - scored.data.final).mean() / baseline)
