"""A comparison in figures: shares, errors with their uncertainty, waits; for a table and for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from zielzeit.evaluation.comparison import Comparison

_RESAMPLES: Final = 400
_SEED: Final = 20241030


class Figure(msgspec.Struct, frozen=True):
    """A mean with its 95 % interval by bootstrap."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} … {self.high:.2f})"


class DelayFigures(msgspec.Struct, frozen=True):
    """How far delays are off, minutes, decided − true."""

    count: int
    exact: Figure
    """Share."""
    mean_absolute: Figure
    bias: Figure
    quantiles: dict[str, float]
    """Of the absolute error."""


class Figures(msgspec.Struct, frozen=True):
    """An evaluation as it is written to JSON."""

    counts: dict[str, int]
    delays: dict[str, dict[str, DelayFigures]]
    """By group (``all``, kinds, rules), then ``decided``, ``corrected``, ``estimated``."""
    minutes_to_decision: dict[str, float]
    examples: dict[str, list[str]]


def figures(comparison: Comparison) -> Figures:
    """All figures of a comparison; groups without a delay are left out."""
    delays = {}
    for group, found in sorted(comparison.delays.items()):
        series: dict[str, Sequence[float]] = {
            "decided": found.errors,
            "corrected": found.corrected,
            "estimated": found.estimated,
        }
        delays[group] = {name: delay_figures(errors) for name, errors in series.items() if errors}
    waits = np.asarray(comparison.waits)
    return Figures(
        counts=comparison.counts,
        delays=delays,
        minutes_to_decision={} if not waits.size else _quantiles(waits, (0.5, 0.9, 0.99)),
        examples={name: list(found) for name, found in comparison.examples.items()},
    )


def delay_figures(errors: Sequence[float]) -> DelayFigures:
    """Figures of at least one error."""
    values = np.asarray(errors, dtype=float)
    return DelayFigures(
        count=len(values),
        exact=figure(values == 0),
        mean_absolute=figure(np.abs(values)),
        bias=figure(values),
        quantiles=_quantiles(np.abs(values), (0.5, 0.9, 0.99, 1.0)),
    )


def figure(of: npt.ArrayLike) -> Figure:
    """Mean and its 95 % interval: the same values always give the same interval."""
    values: npt.NDArray[Any] = np.asarray(of, dtype=float)
    rng = np.random.default_rng(_SEED)
    # Equal values are drawn together: a resample of a million minutes is a draw of a few hundred counts.
    levels, counts = np.unique(values, return_counts=True)
    drawn = rng.multinomial(len(values), counts / len(values), size=_RESAMPLES)
    low, high = np.quantile(drawn @ levels / len(values), (0.025, 0.975))
    return Figure(round(float(values.mean()), 4), round(float(low), 4), round(float(high), 4))


def _quantiles(values: npt.NDArray[Any], at: tuple[float, ...]) -> dict[str, float]:
    return {f"p{share * 100:g}": round(float(np.quantile(values, share)), 2) for share in at}
