"""What the dashboard of prediction quality shows: how good predictions were, and how they are made."""

from __future__ import annotations

from typing import Final

from deploy.monitoring.alerts import COVERAGE, FALLBACK_SHARE, MODEL_AGE_DAYS, SKILL
from deploy.monitoring.query import Query, Row, a_minute, quantile
from zielzeit.metrics import job
from zielzeit.metrics.definition import Metric

_DAY: Final = 24 * 3600
"""Seconds."""
_ARRIVED: Final = f'increase({job.OUTCOMES.series}{{status="arrived"}}[1d])'
"""Arrivals of a day."""


def _mean_error(metric: Metric) -> str:
    """Mean absolute error of a day, seconds, by class."""
    return f"{_of_a_day(metric)} / sum by (train_class) ({_ARRIVED})"


def _of_a_day(metric: Metric) -> str:
    return f"sum by (train_class) (increase({metric.series}[1d]))"


def _microseconds(metric: Metric) -> str:
    by = "sum by (job_name)"
    # Without predictions there is no quotient.
    return f"{by} (rate({metric.series}[5m])) / ({by} (rate({job.PREDICTIONS.series}[5m])) > 0)"


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
                meaning="Share of the arrivals of 24 hours that had a prediction before the train came, by event time; "
                "not counted where no board had told the ride by then, as where a job catches up.",
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
                expression=a_minute(job.OUTCOMES, "status"),
                legend="{{status}}",
                meaning=job.OUTCOMES.meaning,
                least=0,
            ),
            Query(
                title="Departure to decision",
                unit="s",
                expression=quantile(0.9, job.DEPARTURE_WAIT),
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
