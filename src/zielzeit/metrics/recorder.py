"""Counts metrics in memory until whoever publishes them takes the changes."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate
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
        self._counts: dict[tuple[str, tuple[str, ...]], Count] = {}
        self._histograms: dict[tuple[str, tuple[str, ...]], _Histogram] = {}
        for metric in metrics:
            for values in metric.known():
                if metric.type == "histogram":
                    self._changes.update(dict(self._histogram(metric, values).take()))
                else:
                    self._changes[self._count(metric, values)] = 0

    def add(self, metric: Metric, *values: str, by: int = 1) -> None:
        """Count ``by`` events; ``values`` are those of the metric's labels, in their order."""
        with self._lock:
            self._changes[self._count(metric, values)] += by

    def set(self, metric: Metric, value: int, *values: str) -> None:
        """Replace the latest value."""
        with self._lock:
            count = self._count(metric, values)
            self._changes[count] += value - self._values.get(count, 0)
            self._values[count] = value

    def observe(self, metric: Metric, value: float, *values: str, times: int = 1) -> None:
        """Count ``times`` events of this value in a histogram."""
        with self._lock:
            self._histogram(metric, values).observe(value, times)

    def take(self) -> dict[Count, int]:
        """Return the changes since the last call, and forget them."""
        with self._lock:
            for histogram in self._histograms.values():
                if histogram.number:
                    self._changes.update(dict(histogram.take()))
            changes, self._changes = self._changes, Counter()
        return changes

    def _count(self, metric: Metric, values: tuple[str, ...]) -> Count:
        count = self._counts.get((metric.name, values))
        if count is None:
            labels = tuple((label.name, value) for label, value in zip(metric.labels, values, strict=True))
            count = self._counts[metric.name, values] = Count(metric.name, labels)
        return count

    def _histogram(self, metric: Metric, values: tuple[str, ...]) -> _Histogram:
        histogram = self._histograms.get((metric.name, values))
        if histogram is None:
            histogram = self._histograms[metric.name, values] = _Histogram(self._count(metric, values), metric.bounds)
        return histogram


class _Histogram:
    """What came since the last time, by the smallest bound that holds it."""

    def __init__(self, count: Count, bounds: tuple[int, ...]) -> None:
        name, labels = count
        self._bounds = bounds
        self._series = [Count(f"{name}_bucket", (*labels, (BOUND, bound))) for bound in (*map(str, bounds), INFINITE)]
        self._series += [Count(f"{name}_count", labels), Count(f"{name}_sum", labels)]
        self._clear()

    def _clear(self) -> None:
        self.number, self._sum = 0, 0
        self._numbers = [0] * (len(self._bounds) + 1)

    def observe(self, value: float, times: int) -> None:
        self.number += times
        self._sum += round(value * times)
        self._numbers[bisect_left(self._bounds, value)] += times

    def take(self) -> Iterator[tuple[Count, int]]:
        """Return the changes: a bucket counts all events up to its bound."""
        changes = [*accumulate(self._numbers), self.number, self._sum]
        self._clear()
        return zip(self._series, changes, strict=True)
