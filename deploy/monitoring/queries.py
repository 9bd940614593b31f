"""What the dashboards show."""

from __future__ import annotations

from typing import Final, NamedTuple

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


class Query(NamedTuple):
    """One panel."""

    title: str
    unit: str
    """Grafana's id of the unit."""
    expression: str
    legend: str
    """The text of a line; ``{{label}}`` stands for the value of a label."""
    meaning: str


def _rate(metric: Metric, by: str = "") -> str:
    return f"sum by (job_name{', ' if by else ''}{by}) (rate({metric.series}[5m]))"


def _microseconds(metric: Metric) -> str:
    return f"{_rate(metric)} / {_rate(job.PREDICTIONS)}"


def _quantile(metric: Metric) -> str:
    return f"histogram_quantile(0.9, sum by (job_name, le) (rate({metric.bucket}[30m])))"


OPERATIONS: Final = (
    Query("Boards", "ops", _rate(job.BOARDS, "turn"), "{{turn}}", "Boards a second, in turn and late."),
    Query("Rows", "ops", _rate(job.ROWS), "rows", "Readable rows of these boards, a second."),
    Query("Decisions", "ops", _rate(job.DECISIONS, "kind"), "{{kind}}", "Decisions a second, by kind."),
    Query("Predictions", "ops", _rate(job.PREDICTIONS, "version"), "version {{version}}", "By version of the model."),
    Query("Dead letters", "percentunit", DEAD_LETTER_SHARE, "{{job_name}}", "Share of the boards of half an hour."),
    Query("Replies that are no board", "percentunit", REPLIES_NOT_OK, "{{instance}}", "Of the poller, 15 minutes."),
    Query("Event time behind the clock", "s", BEHIND_SECONDS, "{{job_name}}", "By the watermark that decide has seen."),
    Query("Records waiting in Kafka", "short", PENDING_RECORDS, "{{job_name}}", "Not yet read by a job."),
    Query("Board to decision", "s", _quantile(job.DECISION_LAG), "nine of ten", job.DECISION_LAG.meaning),
    Query("Runs begun", "ops", _rate(job.RUNS_BEGUN), "{{job_name}}", job.RUNS_BEGUN.meaning),
    Query("Checkpoints", "ms", flink.CHECKPOINT_DURATION, "{{job_name}}", "Duration of the last one."),
    Query("Restarts", "short", flink.RESTARTS, "{{job_name}}", "Since the job was submitted."),
)
PREDICTION_QUALITY: Final = (
    Query(
        "Skill of a day",
        "percentunit",
        SKILL,
        "{{train_class}}",
        "1 less the quotient of the errors of model and persistence.",
    ),
    Query(
        "Coverage of a day", "percentunit", COVERAGE, "{{train_class}}", "Arrivals between p10 and p90; 80 % are meant."
    ),
    Query("Outcomes", "ops", _rate(job.OUTCOMES, "status"), "{{status}}", job.OUTCOMES.meaning),
    Query("Persistence instead of a model", "percentunit", FALLBACK_SHARE, "{{job_name}}", job.PERSISTENCE.meaning),
    Query("Age of the model", "d", MODEL_AGE_DAYS, "{{job_name}}", "Days since it was registered."),
    Query("Departure to decision", "s", _quantile(job.DEPARTURE_WAIT), "nine of ten", job.DEPARTURE_WAIT.meaning),
    Query(
        "Describing a departure",
        "µs",
        _microseconds(job.DESCRIPTION_TIME),
        "{{job_name}}",
        job.DESCRIPTION_TIME.meaning,
    ),
    Query("Scoring a departure", "µs", _microseconds(job.SCORING_TIME), "{{job_name}}", job.SCORING_TIME.meaning),
)
