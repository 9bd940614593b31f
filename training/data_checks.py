"""Checks of examples before training: present, recent, complete, and similar to the days before."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from training import examples
from training.thresholds import DataThresholds
from zielzeit.errors import UserError

NEWEST, BEFORE = 3, 28
"""Number of newest service days that are checked, and of days before them that they are compared with."""


def check_examples(folder: Path, today: date, rules: DataThresholds) -> None:
    """Raise UserError that lists every fault of the newest days; ``today`` tells how old they are."""
    if found := faults(folder, today, rules):
        raise UserError(f"{folder} cannot be trained on, nothing was changed: " + "; ".join(found))


def faults(folder: Path, today: date, rules: DataThresholds) -> list[str]:
    """Faults of the newest days, one clause each; ``today`` tells how old they are."""
    known = examples.days(folder)
    if len(known) < NEWEST + 2:
        return [f"{len(known)} days of examples, too few to train on: import more history"]
    found = []
    if (today - known[-1]).days > rules.stale_days:
        found.append(f"stale: the newest day is {known[-1]}, more than {rules.stale_days} days before {today}")
    table = pl.DataFrame([_day(folder, day) for day in known[-(NEWEST + BEFORE) :]])
    newest, before = table.tail(NEWEST), table.head(len(table) - NEWEST)
    rows, median = float(newest["rows"].to_numpy().mean()), float(np.median(before["rows"].to_numpy()))
    if rows < rules.rows_lowest * median:
        found.append(f"missing: {rows:.0f} examples a day on the newest days, {median:.0f} before")
    rate = float(newest["label_rate"].to_numpy()[:-1].mean())
    if rate < rules.label_rate_lowest:
        found.append(f"missing: {rate:.0%} of the newest examples have a label")
    mean, spread = float(before["delay"].to_numpy().mean()), float(before["delay"].to_numpy().std())
    shift = abs(float(newest["delay"].to_numpy().mean()) - mean) / max(spread, 0.5)
    if shift > rules.delay_shift:
        found.append(f"shifted: the mean delay of the newest days is {shift:.1f} standard deviations off")
    return found


def _day(folder: Path, day: date) -> dict[str, float]:
    frame = examples.read(folder, day, day, ["delay", "cancelled"])
    count = max(len(frame), 1)
    return {
        "rows": float(len(frame)),
        "label_rate": 1 - frame["cancelled"].null_count() / count,
        "delay": float(frame["delay"].to_numpy().mean()) if len(frame) else 0.0,
    }
