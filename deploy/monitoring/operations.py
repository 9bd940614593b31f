"""What the dashboard for operations shows: whether boards come in and predictions go out, and how Flink is."""

from __future__ import annotations

from typing import Final

from deploy.monitoring import flink_series as flink
from deploy.monitoring.alerts import BEHIND_SECONDS, DEAD_LETTER_SHARE, PENDING_RECORDS, REPLIES_NOT_OK
from deploy.monitoring.query import Query, Row, a_minute, quantile
from zielzeit.metrics import job


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


def _by_job(expression: str) -> str:
    """One series for each name: a job that was submitted again has another id."""
    return f"max by (job_name) ({expression})"


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
                expression=a_minute(job.PREDICTIONS, "job_name"),
                meaning="Mean of five minutes.",
            ),
            _number(
                title="Boards now",
                unit="suffix:/min",
                expression=a_minute(job.BOARDS, "job_name"),
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
                expression=a_minute(job.DECISIONS, "job_name"),
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
                expression=a_minute(job.BOARDS, "turn"),
                legend="{{turn}}",
                meaning="In turn, or late: a newer board of the station had been decided before.",
                least=0,
            ),
            Query(
                title="Decisions per minute",
                kind="areas",
                expression=a_minute(job.DECISIONS, "kind"),
                legend="{{kind}}",
                meaning="By kind: what became of a train at a station.",
                least=0,
            ),
            Query(
                title="Predictions per minute",
                kind="areas",
                expression=a_minute(job.PREDICTIONS, "version"),
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
                expression=quantile(0.9, job.DECISION_LAG),
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
