"""What a metric is: name, type, unit, labels, meaning, and its name in Prometheus."""

from __future__ import annotations

from itertools import product
from typing import Literal

import msgspec

Type = Literal["counter", "value", "histogram"]
"""``counter``: only grows, and begins at 0 again when the job restarts; ``value``: the latest value; ``histogram``:
counters of events by upper bound (label ``le``), of all events, and of the sum of their values."""

BOUND = "le"
"""Label of a histogram's upper bound, as Prometheus's ``histogram_quantile`` expects it."""
INFINITE = "+Inf"

FLINK_OPERATOR = "flink_taskmanager_job_task_operator_zielzeit_"
"""What Flink's reporter puts before the metrics of an operator: their scope, and the job's own group."""


class Label(msgspec.Struct, frozen=True):
    """One label of a metric."""

    name: str
    meaning: str
    values: tuple[str, ...] = ()
    """All values that it can have; empty if there is no end to them. A counter of known values exists from the start,
    at 0: an increase from nothing to 1 is none to Prometheus."""


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of the main job or of the poller."""

    name: str
    type: Type = "counter"
    unit: str
    """Unit of the value, a plural."""
    meaning: str
    labels: tuple[Label, ...] = ()
    bounds: tuple[int, ...] = ()
    """Upper bounds of a histogram, increasing, in its unit."""
    operator: str | None = None
    """Operator of the main job that counts it; None for the poller's."""

    @property
    def series(self) -> str:
        """Name in Prometheus; a histogram's are ``bucket``, and this one with the suffixes ``_count`` and ``_sum``."""
        return _full(self, self.name)

    @property
    def bucket(self) -> str:
        """Name in Prometheus of a histogram's buckets."""
        return _full(self, f"{self.name}_bucket", BOUND)

    def known(self) -> list[tuple[str, ...]]:
        """Return all combinations of values of the labels; none if a label has no end of values."""
        return list(product(*(label.values for label in self.labels)))


def _full(metric: Metric, name: str, *more_labels: str) -> str:
    """Return a name with Flink's scope, if the job counts it: Flink puts the labels before the name."""
    if metric.operator is None:
        return name
    return FLINK_OPERATOR + "_".join([*(label.name for label in metric.labels), *more_labels, name])
