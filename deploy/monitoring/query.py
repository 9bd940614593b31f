"""A panel of a dashboard: its query, unit and meaning; and PromQL that several panels use."""

from __future__ import annotations

from typing import Literal

import msgspec

from zielzeit.metrics.definition import Metric

Kind = Literal["lines", "areas", "number", "bars", "table"]
"""``lines`` over time; ``areas``, stacked; the last ``number``; one of ``bars`` a label; a ``table`` of series."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """One panel."""

    title: str
    kind: Kind = "lines"
    unit: str = "short"
    """Grafana's id of the unit."""
    expression: str
    legend: str = "{{job_name}}"
    """The text of a line; ``{{label}}`` stands for the value of a label."""
    columns: tuple[tuple[str, str], ...] = ()
    """Columns of a table: label and heading."""
    meaning: str
    width: int = 8
    """Of Grafana's 24 columns."""
    height: int = 7
    least: float | None = None
    """Lower end of the axis."""
    most: float | None = None
    """Upper end of the axis."""
    wrong_from: float | None = None
    """The value from which an alert calls; the panel shows it in red."""
    wrong_below: float | None = None
    """The value below which an alert calls."""
    without_data: str = "No data"
    """Text of a panel without data, where that is no fault."""


class Row(msgspec.Struct, frozen=True):
    """Panels under one heading."""

    title: str
    panels: tuple[Query, ...]


def a_minute(metric: Metric, by: str) -> str:
    """Return PromQL of a counter's mean rate over five minutes, events a minute."""
    return f"60 * sum by ({by}) (rate({metric.series}[5m]))"


def quantile(share: float, metric: Metric) -> str:
    """Return PromQL of a quantile of what was observed in half an hour."""
    return f"histogram_quantile({share}, sum by (job_name, le) (rate({metric.bucket}[30m])))"
