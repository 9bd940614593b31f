"""For each alert a case in which it must fire, and at least one in which it must stay silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from deploy.monitoring import flink_series as flink
from zielzeit.metrics import job, poller
from zielzeit.metrics.definition import Metric
from zielzeit.sources.reply_kind import ReplyKind

DAY = 24 * 60


class Case(NamedTuple):
    """Series in promtool's notation, and the labels of the alerts that fire at a minute."""

    alert: str
    what: str
    series: Mapping[str, str]
    minute: int
    fires: tuple[Mapping[str, str], ...] = ()
    every: int = 1
    """Minutes between two values, and between two evaluations of the rules."""


def series(metric: Metric | str, **labels: str) -> str:
    """A series with labels; those of the job have its name."""
    name = metric if isinstance(metric, str) else metric.series
    given = labels if name.startswith(("zielzeit_", "up", "node_")) else {"job_name": "zielzeit", **labels}
    inside = ", ".join(f'{label}="{value}"' for label, value in given.items())
    return f"{name}{{{inside}}}"


def steady(more: int, values: int = 250) -> str:
    """A counter that grows."""
    return f"0+{more}x{values}"


def flat(value: float, values: int = 250) -> str:
    """A value that stays."""
    return f"{value}x{values}"


BOARDS = series(job.BOARDS, turn="in_turn")
MODEL = series(job.PREDICTIONS, model="delay", version="7")
OK, EMPTY, TIMEOUT = (
    series(poller.REPLIES, kind=kind, instance="p") for kind in (ReplyKind.OK, ReplyKind.EMPTY_BOARD, ReplyKind.TIMEOUT)
)
RE = {"train_class": "RE"}
ARRIVED = series(job.OUTCOMES, status="arrived", **RE)
MODEL_ERROR, PERSISTENCE_ERROR = series(job.MODEL_ERROR, **RE), series(job.PERSISTENCE_ERROR, **RE)
INTERVALS, COVERED = series(job.INTERVALS, **RE), series(job.COVERED, **RE)
WATERMARK = series(flink.WATERMARK, task_name="decide")
JOB = {"job_name": "zielzeit"}


def watermark(behind_minutes: int) -> str:
    """A watermark that passes as the clock of promtool does, from 1970 on."""
    return f"{-behind_minutes * 60_000}+60000x300"


CASES = (
    Case("TargetDown", "a scrape fails", {'up{job="flink"}': "1 0x20"}, 10, ({"job": "flink"},)),
    Case("TargetDown", "one scrape failed", {'up{job="flink"}': "1 0 0 1x20"}, 10),
    Case("TargetDown", "nothing is stored", {'up{job="flink-store"}': "0x20"}, 10),
    Case("JobMissing", "only the storage job runs", {
        series(flink.RESTARTS, job_name="zielzeit-store"): flat(0),
    }, 10, ({},)),
    Case("JobMissing", "a job with a prefix runs", {series(flink.RESTARTS, job_name="b.zielzeit"): flat(0)}, 10),
    Case("NoBoards", "the poller stopped", {BOARDS: "0+50x30 1500x60"}, 60, (JOB,)),
    Case("NoBoards", "a board a minute", {BOARDS: steady(1)}, 60),
    Case("NoPredictions", "boards alone", {BOARDS: steady(50), MODEL: "0+5x30 150x90"}, 90, (JOB,)),
    Case("NoPredictions", "none from the start", {BOARDS: steady(50)}, 60, (JOB,)),
    Case("NoPredictions", "both", {BOARDS: steady(50), MODEL: steady(5)}, 90),
    Case("NoPredictions", "neither: another alert's", {BOARDS: flat(5), MODEL: flat(5)}, 90),
    Case("Restarts", "three and more", {series(flink.RESTARTS): "0 0 1 2 3 4x20"}, 10, (JOB,)),
    Case("Restarts", "one", {series(flink.RESTARTS): "0 0 1 1x20"}, 10),
    # The window begins between two scrapes: Prometheus extrapolates two restarts to 2.1.
    Case("Restarts", "two", {series(flink.RESTARTS): "4x10 5 5 6x20"}, 30, every=2),
    Case("CheckpointsFail", "they fail", {
        series(flink.FAILED_CHECKPOINTS): "0x10 0+1x60", series(flink.COMPLETED_CHECKPOINTS): "0+6x10 60x60",
    }, 25, (JOB,)),
    Case("CheckpointsFail", "refused while the job starts for four minutes", {
        series(flink.FAILED_CHECKPOINTS): "0+6x4 24x40", series(flink.COMPLETED_CHECKPOINTS): "0x4 0+6x40",
    }, 8),
    Case("CheckpointsFail", "every second fails: the job restarts, another alert's", {
        series(flink.FAILED_CHECKPOINTS): steady(1), series(flink.COMPLETED_CHECKPOINTS): steady(1),
    }, 40),
    Case("CheckpointsFail", "two failed", {
        series(flink.FAILED_CHECKPOINTS): "4x10 5 5 6x20", series(flink.COMPLETED_CHECKPOINTS): steady(1),
    }, 34, every=2),
    Case("CheckpointsFail", "none ends", {
        series(flink.FAILED_CHECKPOINTS): flat(0), series(flink.COMPLETED_CHECKPOINTS): flat(7),
    }, 60, (JOB,)),
    Case("CheckpointsFail", "all end", {
        series(flink.FAILED_CHECKPOINTS): flat(3), series(flink.COMPLETED_CHECKPOINTS): steady(6),
    }, 60),
    Case("CheckpointsSlow", "90 seconds", {series(flink.CHECKPOINT_DURATION): flat(90_000)}, 20, (JOB,)),
    Case("CheckpointsSlow", "one slow one", {series(flink.CHECKPOINT_DURATION): "900x5 90000 900x20"}, 20),
    Case("WatermarkBehind", "20 minutes", {WATERMARK: watermark(20)}, 60, (JOB,)),
    Case("WatermarkBehind", "five minutes", {WATERMARK: watermark(5)}, 60),
    Case("WatermarkBehind", "no watermark yet", {WATERMARK: flat(-9223372036854775808)}, 60),
    Case("Lag", "5,000 wait", {series(flink.PENDING): flat(5_000)}, 20, (JOB,)),
    Case("Lag", "a few wait", {series(flink.PENDING): flat(50)}, 20),
    Case("PollerReplies", "half time out", {OK: steady(5), TIMEOUT: steady(5)}, 40, ({"instance": "p"},)),
    Case("PollerReplies", "one of ten times out", {OK: steady(9), TIMEOUT: steady(1)}, 40),
    Case("PollerReplies", "half of the stations have no train at night", {OK: steady(5), EMPTY: steady(5)}, 40),
    Case("StationsUnanswered", "two", {series(poller.UNANSWERED, instance="p"): flat(2)}, 90, ({"instance": "p"},)),
    Case("StationsUnanswered", "none", {series(poller.UNANSWERED, instance="p"): "2x5 0x100"}, 90),
    Case("DeadLetters", "every tenth", {
        BOARDS: steady(50), series(job.DEAD_LETTERS, cause="unreadable"): steady(3),
        series(job.DEAD_LETTERS, cause="dead_feed"): steady(2),
    }, 60, (JOB,)),
    Case("DeadLetters", "every fiftieth", {
        BOARDS: steady(50), series(job.DEAD_LETTERS, cause="unreadable"): steady(1),
    }, 60),
    Case("Fallback", "persistence alone", {
        series(job.PREDICTIONS, model="persistence", version="baseline"): steady(5), series(job.PERSISTENCE): steady(5),
    }, 60, (JOB,)),
    Case("Fallback", "a model", {MODEL: steady(5), series(job.PERSISTENCE): flat(12)}, 60),
    Case("ModelOld", "nine days", {series(job.MODEL_REGISTERED): flat(60)}, 9 * DAY, (JOB,), every=60),
    Case("ModelOld", "five days", {series(job.MODEL_REGISTERED): flat(60)}, 5 * DAY, every=60),
    Case("ModelOld", "no model: another alert's", {series(job.MODEL_REGISTERED): flat(0)}, 9 * DAY, every=60),
    Case("ModelRefused", "one version", {series(job.REFUSED_VERSIONS): "0x30 1x100"}, 60, (JOB,)),
    Case("ModelRefused", "none", {series(job.REFUSED_VERSIONS): flat(0)}, 60),
    Case("SkillLow", "worse than persistence", {
        ARRIVED: steady(60), MODEL_ERROR: steady(7800), PERSISTENCE_ERROR: steady(7200),
    }, DAY + 120, (JOB | RE,), every=60),
    Case("SkillLow", "better", {
        ARRIVED: steady(60), MODEL_ERROR: steady(6000), PERSISTENCE_ERROR: steady(7200),
    }, DAY + 120, every=60),
    Case("SkillLow", "hardly any arrival", {
        ARRIVED: steady(5), MODEL_ERROR: steady(7800), PERSISTENCE_ERROR: steady(7200),
    }, DAY + 120, every=60),
    Case("CoverageOff", "60 of 100", {
        ARRIVED: steady(50), INTERVALS: steady(50), COVERED: steady(30),
    }, DAY + 120, (JOB | RE,), every=60),
    Case("CoverageOff", "all: too wide", {
        ARRIVED: steady(50), INTERVALS: steady(50), COVERED: steady(50),
    }, DAY + 120, (JOB | RE,), every=60),
    Case("CoverageOff", "80 of 100", {
        ARRIVED: steady(50), INTERVALS: steady(50), COVERED: steady(40),
    }, DAY + 120, every=60),
    Case("PredictionsMissing", "three", {series(job.MISSING_PREDICTIONS): "0x30 3x100"}, 60, (JOB,)),
    Case("PredictionsMissing", "none", {series(job.MISSING_PREDICTIONS): flat(0)}, 60),
    Case("DiskFull", "95 of 100", {
        'node_filesystem_avail_bytes{mountpoint="/", fstype="ext4"}': flat(5),
        'node_filesystem_size_bytes{mountpoint="/", fstype="ext4"}': flat(100),
    }, 30, ({"mountpoint": "/", "fstype": "ext4"},)),
    Case("DiskFull", "half full, and a full memory disk", {
        'node_filesystem_avail_bytes{mountpoint="/", fstype="ext4"}': flat(50),
        'node_filesystem_size_bytes{mountpoint="/", fstype="ext4"}': flat(100),
        'node_filesystem_avail_bytes{mountpoint="/run", fstype="tmpfs"}': flat(1),
        'node_filesystem_size_bytes{mountpoint="/run", fstype="tmpfs"}': flat(100),
    }, 30),
)  # fmt: skip
"""All cases; an alert's name without its prefix."""
