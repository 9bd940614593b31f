"""Counts metrics in memory until whoever publishes them takes the changes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from zielzeit.metrics.definition import BOUND, INFINITE, Metric


class Count(NamedTuple):
    """One series: a name, and its labels with their values."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()


class Recorder:
    """Takes what happens; threads may share it.

    A change is kept here and not told to Flink at once: a call of Java costs as much as a dozen lines of Python, and
    must come from the operator's own thread.
    """

    def __init__(self, metrics: Iterable[Metric] = ()) -> None:
        self._lock = threading.Lock()
        self._changes: Counter[Count] = Counter()
        self._values: dict[Count, int] = {}
        for metric in metrics:
            for values in metric.known():
                self._changes.update(dict.fromkeys(_series(metric, values), 0))

    def add(self, metric: Metric, *values: str, by: int = 1) -> None:
        """Count ``by`` events; ``values`` are those of the metric's labels, in their order."""
        with self._lock:
            self._changes[_one(metric, values)] += by

    def set(self, metric: Metric, value: int, *values: str) -> None:
        """Replace the latest value."""
        count = _one(metric, values)
        with self._lock:
            self._changes[count] += value - self._values.get(count, 0)
            self._values[count] = value

    def observe(self, metric: Metric, value: float, *values: str, times: int = 1) -> None:
        """Count ``times`` events of this value in a histogram."""
        total, number, *buckets = _series(metric, values)
        with self._lock:
            self._changes[total] += round(value * times)
            self._changes[number] += times
            for bound, bucket in zip([*metric.bounds, float("inf")], buckets, strict=True):
                if value <= bound:
                    self._changes[bucket] += times

    def take(self) -> dict[Count, int]:
        """Return the changes since the last call, and forget them."""
        if not self._changes:
            return {}
        with self._lock:
            changes, self._changes = self._changes, Counter()
        return changes


def _one(metric: Metric, values: tuple[str, ...]) -> Count:
    return Count(metric.name, tuple((label.name, value) for label, value in zip(metric.labels, values, strict=True)))


def _series(metric: Metric, values: tuple[str, ...]) -> list[Count]:
    """The series of a metric with these values of its labels; a histogram's sum and count come before its buckets."""
    name, labels = _one(metric, values)
    if metric.type != "histogram":
        return [Count(name, labels)]
    bounds = [*map(str, metric.bounds), INFINITE]
    return [
        Count(f"{name}_sum", labels),
        Count(f"{name}_count", labels),
        *(Count(f"{name}_bucket", (*labels, (BOUND, bound))) for bound in bounds),
    ]
