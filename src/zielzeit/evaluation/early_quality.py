"""How good early predictions are beside those of the decided departures: by train class and horizon.

Both come as frames with columns of the lake's tables ``early-outcomes`` and ``outcomes``, read from the lake or made of
the structs (``zielzeit.evaluation.early_outcomes``).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, Literal

import msgspec
import numpy as np
import polars as pl

from zielzeit.train_classes import CLASSES, train_class

EDGES: Final = (0, 15, 30, 60, 120)
"""Horizons at which groups begin, minutes."""
Told = Literal["early", "decided"]

_SHARED: Final = ("predicted_delay", "p10", "p90")
EARLY_COLUMNS: Final = ("id", "revision", "told_at", "shown_delay", *_SHARED)
"""Columns of ``early-outcomes`` that are used."""
DECIDED_COLUMNS: Final = (
    *("id", "category", "horizon", "scheduled", "departed_at", "decided_at", "delay", *_SHARED),
    "observed_delay",
)
"""Columns of ``outcomes`` that are used."""


class Quality(msgspec.Struct, frozen=True):
    """How good predictions of one group are; minutes, shares from 0 to 1."""

    count: int
    mae: float
    persistence: float
    """Mean absolute error of the delay that a board showed, or that was decided, when the prediction was made."""
    skill: float
    """1 − MAE / MAE of persistence; 0 if persistence has no error."""
    bias: float
    coverage: float | None
    """Share of arrivals inside of P10 to P90; None where the model gives no interval."""
    wait: float
    """Median of the minutes from the departure, as it was decided, to the prediction."""
    before_arrival: float | None
    """Share of all departures of the group that had this prediction before their train arrived; None: not known."""


class Pair(msgspec.Struct, frozen=True):
    """The predictions of one group of departures."""

    early: Quality | None
    """First early predictions; None if there are none."""
    decided: Quality


def side_by_side(decided: pl.DataFrame, early: pl.DataFrame) -> pl.DataFrame:
    """Return the departures whose train arrived, one a row, with the first early prediction of each where it has one.

    Times are minutes after the departure as it was decided; ``arrival`` is null where no board told the ride.
    """
    classes = pl.Series("train_class", [train_class(name) for name in decided["category"]], pl.Int64)
    first = early.filter(pl.col("revision") == 0).select(
        "id", pl.col("told_at").alias("early_at"), pl.col("shown_delay").alias("early_delay"),
        *(pl.col(name).alias(f"early_{name}") for name in _SHARED),
    )  # fmt: skip
    arrived = decided.with_columns(classes).filter(pl.col("observed_delay").is_not_null())
    arrival = pl.col("scheduled") + pl.duration(seconds=60 * (pl.col("horizon") + pl.col("observed_delay")))
    return arrived.join(first, "id", how="left").select(
        "train_class",
        "horizon",
        pl.col("observed_delay").alias("observed").cast(pl.Float64),
        _minutes(arrival).alias("arrival"),
        _minutes(pl.col("early_at")),
        "early_delay",
        *(f"early_{name}" for name in _SHARED),
        _minutes(pl.col("decided_at")),
        pl.col("delay").alias("decided_delay"),
        *(pl.col(name).alias(f"decided_{name}") for name in _SHARED),
    )


def by_group(departures: pl.DataFrame) -> dict[str, Pair]:
    """Return the quality by class, ``RE``, and by class and horizon, ``RE 15-30``, in the order of a table."""
    qualities = ((name, _quality(group, "early"), _quality(group, "decided")) for name, group in _groups(departures))
    return {name: Pair(early, decided) for name, early, decided in qualities if decided is not None}


def as_json(groups: dict[str, Pair]) -> dict[str, Any]:
    """Return the groups as plain values."""
    plain: dict[str, Any] = msgspec.to_builtins(groups)
    return plain


def _groups(departures: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    edges = [*EDGES, float("inf")]
    for number, name in enumerate(CLASSES):
        of_class = departures.filter(pl.col("train_class") == number)
        yield name, of_class
        for low, high in pairwise(edges):
            inside = (pl.col("horizon") >= low) & (pl.col("horizon") < high)
            yield f"{name} {low}-{'' if high == edges[-1] else high}", of_class.filter(inside)


def _quality(departures: pl.DataFrame, told: Told) -> Quality | None:
    made = departures.filter(pl.col(f"{told}_predicted_delay").is_not_null())
    if made.is_empty():
        return None
    true, predicted, began, low, high, at, arrival = (
        made[name].cast(pl.Float64).to_numpy()
        for name in (
            *("observed", f"{told}_predicted_delay", f"{told}_delay", f"{told}_p10", f"{told}_p90", f"{told}_at"),
            "arrival",
        )
    )
    mae, persistence = float(np.abs(predicted - true).mean()), float(np.abs(began - true).mean())
    has_interval = ~(np.isnan(low) | np.isnan(high))
    inside = (low <= true) & (true <= high)
    known = departures["arrival"].count()
    return Quality(
        count=len(made),
        mae=mae,
        persistence=persistence,
        skill=1 - mae / persistence if persistence else 0.0,
        bias=float((predicted - true).mean()),
        coverage=float(inside[has_interval].mean()) if has_interval.any() else None,
        wait=float(np.median(at)),
        before_arrival=float((at < arrival).sum()) / known if known else None,
    )


def _minutes(time: pl.Expr) -> pl.Expr:
    return (time - pl.col("departed_at")).dt.total_milliseconds() / 60_000
