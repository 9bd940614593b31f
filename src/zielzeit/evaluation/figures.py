"""Figures of a comparison, for a table and for JSON: shares, errors with their uncertainty, waiting times."""

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
    """A mean and its 95 % interval by bootstrap."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} … {self.high:.2f})"


class DelayFigures(msgspec.Struct, frozen=True):
    """Errors of delays, decided − true, minutes."""

    count: int
    exact: Figure
    """Share of delays without an error, 0 to 1."""
    mean_absolute: Figure
    bias: Figure
    quantiles: dict[str, float]
    """Quantiles of the absolute error: ``p50`` … ``p100``."""


class Figures(msgspec.Struct, frozen=True):
    """Figures of a comparison, as they are written to JSON."""

    counts: dict[str, int]
    delays: dict[str, dict[str, DelayFigures]]
    """Group (``all``, kinds, rules) → ``decided``, ``corrected`` or ``estimated`` → figures."""
    minutes_to_decision: dict[str, float]
    examples: dict[str, list[str]]


def figures(comparison: Comparison) -> Figures:
    """All figures of a comparison, without groups that have no delay."""
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
    """Figures of errors in minutes, of which there must be at least one."""
    values = np.asarray(errors, dtype=float)
    return DelayFigures(
        count=len(values),
        exact=figure(values == 0),
        mean_absolute=figure(np.abs(values)),
        bias=figure(values),
        quantiles=_quantiles(np.abs(values), (0.5, 0.9, 0.99, 1.0)),
    )


def figure(of: npt.ArrayLike) -> Figure:
    """Mean and 95 % interval by bootstrap with a fixed seed: equal values give equal intervals."""
    values: npt.NDArray[Any] = np.asarray(of, dtype=float)
    rng = np.random.default_rng(_SEED)
    # Equal values are drawn together, so that a resample of a million minutes is a draw of a few hundred counts.
    levels, counts = np.unique(values, return_counts=True)
    drawn = rng.multinomial(len(values), counts / len(values), size=_RESAMPLES)
    low, high = np.quantile(drawn @ levels / len(values), (0.025, 0.975))
    return Figure(round(float(values.mean()), 4), round(float(low), 4), round(float(high), 4))


def _quantiles(values: npt.NDArray[Any], at: tuple[float, ...]) -> dict[str, float]:
    return {f"p{share * 100:g}": round(float(np.quantile(values, share)), 2) for share in at}
