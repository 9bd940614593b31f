"""What the dashboards show: panels by row, each with its query, unit and meaning."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from deploy.monitoring import flink_series as flink
from deploy.monitoring.alerts import (
    BEHIND_SECONDS,
    COVERAGE,
    DEAD_LETTER_SHARE,
    FALLBACK_SHARE,
    MODEL_AGE_DAYS,
    PENDING_RECORDS,
    REPLIES_NOT_OK,
    SKILL,
)
from zielzeit.metrics import job
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


_DAY: Final = 24 * 3600
"""Seconds."""


def _a_minute(metric: Metric, by: str) -> str:
    return f"60 * sum by ({by}) (rate({metric.series}[5m]))"


def _microseconds(metric: Metric) -> str:
    by = "sum by (job_name)"
    # Without predictions there is no quotient.
    return f"{by} (rate({metric.series}[5m])) / ({by} (rate({job.PREDICTIONS.series}[5m])) > 0)"


def _quantile(share: float, metric: Metric) -> str:
    return f"histogram_quantile({share}, sum by (job_name, le) (rate({metric.bucket}[30m])))"


def _by_job(expression: str) -> str:
    """One series for each name: a job that was submitted again has another id."""
    return f"max by (job_name) ({expression})"


_ARRIVED: Final = f'increase({job.OUTCOMES.series}{{status="arrived"}}[1d])'
"""Arrivals of a day."""


def _mean_error(metric: Metric) -> str:
    """Mean absolute error of a day, seconds, by class."""
    return f"{_of_a_day(metric)} / sum by (train_class) ({_ARRIVED})"


def _of_a_day(metric: Metric) -> str:
    return f"sum by (train_class) (increase({metric.series}[1d]))"


def _number(
    title: str, expression: str, meaning: str, *, legend: str = "", unit: str = "short", wrong_from: float | None = None
) -> Query:
    return Query(
        title=title,
        kind="number",
        unit=unit,
        expression=expression,
        legend=legend,
        meaning=meaning,
        width=4,
        height=4,
        wrong_from=wrong_from,
    )


OPERATIONS: Final = (
    Row(
        "Now",
        (
            _number(
                title="Alerts",
                expression='count(ALERTS{alertstate="firing"}) or vector(0)',
                legend="firing",
                meaning="Alerts that call somebody now.",
                wrong_from=1,
            ),
            _number(
                title="Predictions now",
                unit="suffix:/min",
                expression=_a_minute(job.PREDICTIONS, "job_name"),
                meaning="Mean of five minutes.",
            ),
            _number(
                title="Boards now",
                unit="suffix:/min",
                expression=_a_minute(job.BOARDS, "job_name"),
                meaning="Mean of five minutes.",
            ),
            _number(
                title="Behind the clock",
                unit="s",
                expression=BEHIND_SECONDS,
                meaning="By how much event time, the watermark that decide has seen, lags behind the clock.",
                wrong_from=900,
            ),
            _number(
                title="Waiting in Kafka",
                expression=PENDING_RECORDS,
                meaning="Records that no job has read yet.",
                wrong_from=1000,
            ),
            _number(
                title="Decisions now",
                unit="suffix:/min",
                expression=_a_minute(job.DECISIONS, "job_name"),
                meaning="Mean of five minutes.",
            ),
            Query(
                title="What calls, or soon will",
                kind="table",
                expression="ALERTS",
                columns=(
                    ("alertname", "Alert"),
                    ("alertstate", "State"),
                    ("severity", "Severity"),
                    ("job_name", "Job"),
                    ("train_class", "Train class"),
                    ("instance", "Process"),
                ),
                meaning="Pending: the condition holds, but not for long enough yet. Each alert has a page of remedies.",
                width=24,
                height=6,
                without_data="Nothing is wrong",
            ),
        ),
    ),
    Row(
        "From boards to predictions",
        (
            Query(
                title="Boards per minute",
                kind="areas",
                expression=_a_minute(job.BOARDS, "turn"),
                legend="{{turn}}",
                meaning="In turn, or late: a newer board of the station had been decided before.",
                least=0,
            ),
            Query(
                title="Decisions per minute",
                kind="areas",
                expression=_a_minute(job.DECISIONS, "kind"),
                legend="{{kind}}",
                meaning="By kind: what became of a train at a station.",
                least=0,
            ),
            Query(
                title="Predictions per minute",
                kind="areas",
                expression=_a_minute(job.PREDICTIONS, "version"),
                legend="version {{version}}",
                meaning="By version of the model; baseline is persistence.",
                least=0,
            ),
            Query(
                title="Replies that are no board",
                unit="percentunit",
                expression=REPLIES_NOT_OK,
                legend="poller {{instance}}",
                meaning="Share of the poller's requests of 15 minutes.",
                least=0,
                most=1,
                wrong_from=0.3,
            ),
            Query(
                title="Dead letters",
                unit="percentunit",
                expression=DEAD_LETTER_SHARE,
                meaning="Share of the boards of 30 minutes that cannot be read or believed.",
                least=0,
                wrong_from=0.05,
            ),
            Query(
                title="Poll to decision",
                unit="s",
                expression=_quantile(0.9, job.DECISION_LAG),
                legend="nine of ten within",
                meaning=job.DECISION_LAG.meaning,
                least=0,
            ),
        ),
    ),
    Row(
        "Flink",
        (
            Query(
                title="Duration of checkpoints",
                unit="ms",
                expression=_by_job(flink.CHECKPOINT_DURATION),
                meaning="Of the last one; readers see new records once a checkpoint.",
                least=0,
                wrong_from=60_000,
            ),
            Query(
                title="Checkpoints that failed",
                expression=_by_job(f"increase({flink.FAILED_CHECKPOINTS}[15m])"),
                meaning="In 15 minutes.",
                least=0,
                wrong_from=3,
            ),
            Query(
                title="Restarts",
                expression=_by_job(f"increase({flink.RESTARTS}[15m])"),
                meaning="In 15 minutes.",
                least=0,
                wrong_from=3,
            ),
        ),
    ),
)
PREDICTION_QUALITY: Final = (
    Row(
        "The last day",
        (
            Query(
                title="Skill",
                kind="bars",
                unit="percentunit",
                expression=SKILL,
                legend="{{train_class}}",
                meaning="By train class: 1 less the quotient of the errors of model and persistence. Below 0, "
                "persistence is better.",
                least=-0.1,
                most=0.5,
                wrong_below=0,
                height=5,
            ),
            Query(
                title="Coverage",
                kind="bars",
                unit="percentunit",
                expression=COVERAGE,
                legend="{{train_class}}",
                meaning="By train class: share of the arrivals between P10 and P90. 80 % are meant; below 70 and above "
                "90 % an alert calls.",
                least=0,
                most=1,
                wrong_below=0.7,
                wrong_from=0.9,
                height=5,
            ),
            Query(
                title="Age of the model",
                kind="number",
                unit="s",
                expression=f"{_DAY} * {MODEL_AGE_DAYS}",
                meaning="Since the version in use was registered.",
                wrong_from=8 * _DAY,
                width=4,
                height=5,
            ),
            Query(
                title="Persistence predicts",
                kind="number",
                unit="percentunit",
                expression=FALLBACK_SHARE,
                meaning="Share of the predictions of 15 minutes that were made without a model.",
                wrong_from=0.5,
                width=4,
                height=5,
            ),
        ),
    ),
    Row(
        "How good",
        (
            Query(
                title="Skill of the day before",
                unit="percentunit",
                expression=SKILL,
                legend="{{train_class}}",
                meaning="At each moment, over the 24 hours before it.",
                # Before persistence has made an error, the quotient is infinite.
                least=-1,
                most=1,
                wrong_below=0,
                width=12,
            ),
            Query(
                title="Coverage of the day before",
                unit="percentunit",
                expression=COVERAGE,
                legend="{{train_class}}",
                meaning="Arrivals between P10 and P90; 80 % are meant.",
                least=0,
                most=1,
                wrong_below=0.7,
                wrong_from=0.9,
                width=12,
            ),
            Query(
                title="Mean error of the model",
                unit="s",
                expression=_mean_error(job.MODEL_ERROR),
                legend="{{train_class}}",
                meaning="Mean absolute error of the delay at the destination, over the 24 hours before.",
                least=0,
                width=12,
            ),
            Query(
                title="Mean error of persistence",
                unit="s",
                expression=_mean_error(job.PERSISTENCE_ERROR),
                legend="{{train_class}}",
                meaning="For the same arrivals, had the delay stayed as it was.",
                least=0,
                width=12,
            ),
        ),
    ),
    Row(
        "Told early",
        (
            Query(
                title="Skill of early predictions",
                unit="percentunit",
                expression=f"1 - {_of_a_day(job.EARLY_ERROR)} / {_of_a_day(job.SHOWN_ERROR)}",
                legend="{{train_class}}",
                meaning="Of the first prediction of each departure, over 24 hours: 1 less the quotient of its error "
                "and that of the delay shown.",
                least=-1,
                most=1,
            ),
            Query(
                title="Coverage of early predictions",
                unit="percentunit",
                expression=f"{_of_a_day(job.EARLY_COVERED)} / {_of_a_day(job.EARLY_INTERVALS)}",
                legend="{{train_class}}",
                meaning="Arrivals between P10 and P90 of the first prediction; 80 % are meant.",
                least=0,
                most=1,
            ),
            Query(
                title="Before the train",
                unit="percentunit",
                expression=f"sum by (told) (increase({job.IN_TIME.series}[1d])) / scalar(sum({_ARRIVED}))",
                legend="{{told}}",
                meaning="Share of the arrivals of 24 hours that had a prediction before the train came, by event time.",
                least=0,
                most=1,
            ),
        ),
    ),
    Row(
        "How it is made",
        (
            Query(
                title="Outcomes per minute",
                kind="areas",
                expression=_a_minute(job.OUTCOMES, "status"),
                legend="{{status}}",
                meaning=job.OUTCOMES.meaning,
                least=0,
            ),
            Query(
                title="Departure to decision",
                unit="s",
                expression=_quantile(0.9, job.DEPARTURE_WAIT),
                legend="nine of ten within",
                meaning=job.DEPARTURE_WAIT.meaning,
                least=0,
            ),
            Query(
                title="Time for a prediction",
                unit="µs",
                expression=_microseconds(job.DESCRIPTION_TIME),
                legend="features",
                meaning=job.DESCRIPTION_TIME.meaning,
                least=0,
            ),
        ),
    ),
)
