"""The truth of simulated days: what their boards could tell, and what history makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl

from tests.simulated import Known, Stop, month
from training import examples
from training.history.importing import import_history
from training.history.moments import Moments
from zielzeit.features.own_run import OwnRun
from zielzeit.settings import load
from zielzeit.simulator.truth import Truth

LABELS = ("service_day", "destination", "line", "final_delay", "cancelled")
OWN = tuple(name for name in OwnRun._fields if name != "horizon")
"""Features of the run and the calendar alone."""


class Expected(NamedTuple):
    """What must have become of a prediction."""

    status: str
    delay: int | None
    """At the destination, whoever saw it."""
    reason: str | None
    """Why nobody could be sure to see the run's end."""


def expectations(truths: Sequence[Truth]) -> dict[tuple[str, str, str, datetime], dict[str, Expected]]:
    """By station, category, number and planned departure: what becomes of a prediction, by its destination.

    The destination is what the boards say at the departure, so it may be the planned one or where the run really ended.
    """
    ends = {truth.run: truth for truth in truths if truth.terminates_here}
    return {
        (truth.station, truth.category, truth.number, truth.scheduled_departure): _by_destination(ends.get(truth.run))
        for truth in truths
        if truth.scheduled_departure is not None
    }


def _by_destination(end: Truth | None) -> dict[str, Expected]:
    if end is None:
        return {}
    if end.undecidable is not None:
        return {end.station: Expected("unlabelled", end.delay_arrival, end.undecidable)}
    return {end.station: Expected("arrived", end.delay_arrival, None)}


def compared(
    stored: pl.DataFrame, truths: Sequence[Truth], folder: Path, known: Mapping[Stop, Known] | None = None
) -> pl.DataFrame:
    """Stored examples, each beside the importer's of the same truth (columns with ``_history``)."""
    folder.mkdir()
    import_history([month(truths, folder / "month.parquet", known)], folder / "history", Moments.of(load()))
    imported = examples.read(folder / "history").rename({"day": "service_day"})
    key = ["category", "number", "station", "scheduled"]
    both = stored.rename({"day": "service_day"}).join(imported, on=key, how="left", suffix="_history")
    return both.with_columns(pl.col(pl.Float32).cast(pl.Float64).fill_nan(None))


def agreement(both: pl.DataFrame, name: str) -> float:
    """Share of the examples on which stream and importer agree, numbers within a hundredth."""
    ours, theirs = both[name], both[f"{name}_history"]
    if ours.dtype.is_numeric():
        near = ((ours.cast(pl.Float64) - theirs.cast(pl.Float64)).abs() < 0.011).fill_null(value=False)
        return float((near | (ours.is_null() & theirs.is_null())).mean() or 0.0)
    return float(ours.eq_missing(theirs).mean() or 0.0)


def likeness(both: pl.DataFrame, name: str) -> float:
    """Correlation of a feature in the stream and in the importer's examples; NaN where one of them never changes."""
    known = both.select(name, f"{name}_history").drop_nulls()
    return float(known.select(pl.corr(name, f"{name}_history")).item() or float("nan"))
