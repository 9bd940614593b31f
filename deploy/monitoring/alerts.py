"""When somebody is called: Prometheus's alerts, each with the page that says what to do.

Thresholds are for a job that predicts live; a replay of old boards trips the alerts that compare with the clock.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from deploy.monitoring import flink_series as flink
from zielzeit.metrics import job, poller
from zielzeit.metrics.definition import Metric


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert."""

    name: str
    expression: str
    """PromQL: one alert for each series that it returns."""
    minutes: int
    """For how long the expression holds before somebody is called."""
    severity: Literal["page", "ticket"]
    """``page``: predictions are missing or wrong now; ``ticket``: look on the next working day."""
    summary: str

    @property
    def page(self) -> str:
        """The page in ``docs/runbooks``."""
        words = re.findall(r"[A-Z][a-z]+", self.name.removeprefix("Zielzeit"))
        return "-".join(words).lower()


_ENOUGH_OUTCOMES: Final = 200
"""Arrivals of a class in a day below which its skill and coverage say nothing."""


def _increase(metric: Metric, minutes: int, by: str = "job_name", where: str = "") -> str:
    return f"sum by ({by}) (increase({metric.series}{where}[{minutes}m]))"


def _by_class(metric: Metric) -> str:
    return _increase(metric, 24 * 60, "job_name, train_class")


def _arrivals() -> str:
    arrived = '{status="arrived"}'
    return _increase(job.OUTCOMES, 24 * 60, "job_name, train_class", arrived) + f" >= {_ENOUGH_OUTCOMES}"


SKILL: Final = f"1 - {_by_class(job.MODEL_ERROR)} / {_by_class(job.PERSISTENCE_ERROR)}"
"""Skill of a day by class."""
COVERAGE: Final = f"{_by_class(job.COVERED)} / {_by_class(job.INTERVALS)}"
"""Share of a day's arrivals inside of their interval, by class."""
REPLIES_NOT_OK: Final = (
    f'1 - sum by (instance) (increase({poller.REPLIES.series}{{kind=~"ok|empty board"}}[15m]))'
    f" / sum by (instance) (increase({poller.REPLIES.series}[15m]))"
)
"""Share of the poller's replies that were no board; a station without trains answers with an empty one."""
DEAD_LETTER_SHARE: Final = f"{_increase(job.DEAD_LETTERS, 30)} / {_increase(job.BOARDS, 30)}"
FALLBACK_SHARE: Final = f"{_increase(job.PERSISTENCE, 15)} / {_increase(job.PREDICTIONS, 15)}"
MODEL_AGE_DAYS: Final = f"(time() - max by (job_name) ({job.MODEL_REGISTERED.series} > 0)) / {24 * 3600}"
BEHIND_SECONDS: Final = f'time() - min by (job_name) ({flink.WATERMARK}{{task_name="decide"}} > 0) / 1000'
"""Seconds by which event time lags behind the clock."""
PENDING_RECORDS: Final = f"sum by (job_name) ({flink.PENDING})"

ALERTS: Final = (
    Alert(
        name="ZielzeitTargetDown",
        # Nothing listens at the port of the TaskManager for storage while `store` does not run.
        expression='up{job!="flink-store"} == 0',
        minutes=5,
        severity="page",
        summary="A part of Zielzeit does not answer Prometheus.",
    ),
    Alert(
        name="ZielzeitJobMissing",
        expression=f'absent({flink.RESTARTS}{{job_name=~".*zielzeit"}})',
        minutes=5,
        severity="page",
        summary="No main job runs on the cluster.",
    ),
    Alert(
        name="ZielzeitNoBoards",
        expression=f"{_increase(job.BOARDS, 15)} == 0",
        minutes=5,
        severity="page",
        summary="The job has decided no board for 15 minutes.",
    ),
    Alert(
        name="ZielzeitNoPredictions",
        expression=f"({_increase(job.BOARDS, 30)} > 0) unless ({_increase(job.PREDICTIONS, 30)} > 0)",
        minutes=15,
        severity="page",
        summary="Boards are decided, and for 30 minutes no departure was predicted.",
    ),
    Alert(
        name="ZielzeitRestarts",
        # Not 2: where a window begins between two scrapes, Prometheus extrapolates two restarts to a little more.
        expression=f"increase({flink.RESTARTS}[15m]) > 2.5",
        minutes=0,
        severity="page",
        summary="A job has restarted more than twice in 15 minutes.",
    ),
    Alert(
        name="ZielzeitCheckpointsFail",
        # While a job starts its checkpoints are refused until all tasks run, and count as failed: none ends then.
        expression=f"increase({flink.FAILED_CHECKPOINTS}[15m]) > 2.5 "
        f"and increase({flink.COMPLETED_CHECKPOINTS}[5m]) == 0 or increase({flink.COMPLETED_CHECKPOINTS}[30m]) == 0",
        minutes=5,
        severity="page",
        summary="Checkpoints fail or do not end: readers of the topics see nothing new.",
    ),
    Alert(
        name="ZielzeitCheckpointsSlow",
        expression=f"{flink.CHECKPOINT_DURATION} > 60000",
        minutes=10,
        severity="ticket",
        summary="Checkpoints take longer than a minute.",
    ),
    Alert(
        name="ZielzeitWatermarkBehind",
        expression=f"{BEHIND_SECONDS} > 900",
        minutes=10,
        severity="page",
        summary="Event time is more than 15 minutes behind the clock: predictions come too late.",
    ),
    Alert(
        name="ZielzeitLag",
        expression=f"{PENDING_RECORDS} > 1000",
        minutes=10,
        severity="ticket",
        summary="More than 1,000 records wait in Kafka for a job.",
    ),
    Alert(
        name="ZielzeitPollerReplies",
        expression=f"{REPLIES_NOT_OK} > 0.3",
        minutes=10,
        severity="page",
        summary="More than three of ten replies to the poller are no board.",
    ),
    Alert(
        name="ZielzeitStationsUnanswered",
        expression=f"{poller.UNANSWERED.series} > 0",
        minutes=60,
        severity="ticket",
        summary="Stations were asked for an hour and never answered with a board.",
    ),
    Alert(
        name="ZielzeitDeadLetters",
        expression=f"{DEAD_LETTER_SHARE} > 0.05",
        minutes=10,
        severity="ticket",
        summary="More than one of twenty boards cannot be read or believed.",
    ),
    Alert(
        name="ZielzeitFallback",
        expression=f"{FALLBACK_SHARE} > 0.5",
        minutes=15,
        severity="page",
        summary="Persistence predicts, because the job has no model.",
    ),
    Alert(
        name="ZielzeitModelOld",
        expression=f"{MODEL_AGE_DAYS} > 8",
        minutes=60,
        severity="ticket",
        summary="The model in use was registered more than eight days ago.",
    ),
    Alert(
        name="ZielzeitModelRefused",
        expression=f"{_increase(job.REFUSED_VERSIONS, 60)} > 0",
        minutes=0,
        severity="ticket",
        summary="The job has refused a model version; the one before, or persistence, predicts.",
    ),
    Alert(
        name="ZielzeitSkillLow",
        expression=f"{SKILL} < 0 and {_arrivals()}",
        minutes=60,
        severity="ticket",
        summary="For a day the model has predicted a train class worse than persistence would have.",
    ),
    Alert(
        name="ZielzeitCoverageOff",
        expression=f"abs({COVERAGE} - 0.8) > 0.1 and {_arrivals()}",
        minutes=60,
        severity="ticket",
        summary="For a day less than 70 or more than 90 % of a train class arrived inside of the predicted interval.",
    ),
    Alert(
        name="ZielzeitPredictionsMissing",
        expression=f"{_increase(job.MISSING_PREDICTIONS, 60)} > 0",
        minutes=0,
        severity="ticket",
        summary="Runs have ended whose predictions are not in the state: they get no outcome.",
    ),
    Alert(
        name="ZielzeitDiskFull",
        expression='node_filesystem_avail_bytes{fstype!~"tmpfs|overlay|ramfs"} / node_filesystem_size_bytes < 0.1',
        minutes=10,
        severity="page",
        summary="A disk is fuller than nine tenths.",
    ),
)
"""All alerts."""
