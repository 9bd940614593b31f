"""A real Prometheus calls for each fault of the running stack, and is silent before it.

Faults come one after the other over one job. The railway runs 60 times as fast as the clock, and so do the rules:
their minutes are seconds. Thresholds stay. `test_poller_alerts.py` and `test_full_disk.py` try the other alerts.
"""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from deploy.cluster.code_archive import pack
from deploy.cluster.job_description import PREDICT
from deploy.cluster.stop import stop
from deploy.cluster.submit import submit
from deploy.local.flink import flink_run
from deploy.local.stack import Stack
from deploy.monitoring import flink_series
from deploy.monitoring.files import RULES
from flink_jobs import predict
from tests.deploy.monitoring.scaled_rules import scaled
from tests.integration import drill_models, job
from tests.integration.drill import NO_TRAINS, SPEED, Drill, Feed, tomorrow
from tests.integration.prometheus import Prometheus, watching
from tests.waiting import wait_until
from zielzeit.boards.record import BoardRecord
from zielzeit.metrics.job import MODEL_REGISTERED, PREDICTIONS
from zielzeit.recordings.read import read_boards
from zielzeit.settings import Settings
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.recording import record
from zielzeit.simulator.world import World

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(1200)]

STATIONS = 40
FROM, UNTIL = 10, 18
"""Hours of tomorrow of which all boards come at once."""
LONG_SECONDS = 61
"""More than what a checkpoint may take."""


class Scene(NamedTuple):
    """What a drill goes on in."""

    settings: Settings
    feed: Feed
    prometheus: Prometheus
    drill: Drill


@pytest.fixture
def scene(stack: Stack, tmp_path: Path) -> Iterator[Scene]:
    """A railway that is polled and a Prometheus that watches the stack; no job and no model yet."""
    settings = job.settings_for(
        stack,
        bounded=False,
        start_from="earliest-offset",
        topic_partitions=1,  # of what waits on one partition little can be fetched at once
        checkpoint_interval_seconds=5.0,
        restart_attempts=0,
        poll_interval_seconds=180 / SPEED,
        model_name=f"drilled-{tmp_path.name}",
        model_refresh_seconds=1.0,
    )
    rules = tmp_path / "rules.yaml"
    rules.write_text(scaled(RULES.read_text(), SPEED))
    job.publish(settings, [])
    with watching(settings, tmp_path, rules) as prometheus, Feed.started(settings, tmp_path, STATIONS) as feed:
        yield Scene(settings, feed, prometheus, Drill(prometheus))
        stop(PREDICT, settings, savepoint=False)


def test_faults_of_models_boards_and_broker_call(stack: Stack, scene: Scene, tmp_path: Path) -> None:
    settings, feed, prometheus, drill = scene
    # No checkpoint comes by itself: the one that the drill asks for stays the last one.
    settings = settings.model_copy(update={"checkpoint_interval_seconds": 3600.0})
    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(drill_models.train_bad, settings, tmp_path / "month")
        recording = pool.submit(boards_of_the_day, feed.world, tmp_path / "day.jsonl.zst")
        running = submit(settings)
        drill.expect("Fallback")
        model, boards = making.result(), recording.result()

    version = drill_models.promote(settings, model)
    wait_until("a model predicts", lambda: prometheus.numbers(f"{MODEL_REGISTERED.series} > 0"))
    drill.wait_for_silence("Fallback", "ModelOld", "ModelRefused")
    drill_models.promote(settings, drill_models.damaged(model, tmp_path / "damaged"))
    drill.expect("ModelRefused")
    drill_models.promote_again(settings, version)
    drill_models.age(settings, days=9)
    drill.expect_soon("ModelOld")

    feed.stop_poller()
    drill.assert_silent("Lag", "NoBoards", "CheckpointsSlow", "SkillLow", "CoverageOff")
    with job.halted(stack, "taskmanager-1"), job.halted(stack, "taskmanager-2"):  # or they read as fast as boards come
        job.publish(settings, boards)
    halt_broker(stack, settings, running, drill, prometheus)
    drill.expect("ModelOld")
    drill.expect("SkillLow")
    drill.expect("CoverageOff")

    drill.assert_silent("DeadLetters", "NoPredictions")
    feed.fail("truncated", 0.3)
    feed.clock.run_from(tomorrow(UNTIL))
    feed.start_poller()
    drill.expect("DeadLetters")
    drill.assert_silent("NoPredictions", "Lag", "NoBoards")
    feed.fail(NO_TRAINS)
    drill.expect("NoPredictions")


def test_faults_of_the_job_call(scene: Scene, tmp_path: Path) -> None:
    settings, feed, prometheus, drill = scene
    running = submit(settings)
    wait_until("predictions are made", lambda: prometheus.numbers(f"sum({PREDICTIONS.series}) > 50"))
    # They are in the state that the job goes on from; the next checkpoint may have begun before.
    job.wait_for_checkpoints(settings, running, job.completed_checkpoints(settings, running) + 2)
    drill.wait_for_silence("Restarts", "CheckpointsFail", "JobMissing")
    with checkpoints_lost(settings, running):
        drill.expect("Restarts")
        drill.expect("CheckpointsFail")
    drill.wait_for_silence("Restarts", "CheckpointsFail")

    drill.assert_silent("JobMissing", "WatermarkBehind", "PredictionsMissing")
    feed.stop_poller()
    feed.clock.stand()
    wait_until("all boards are read", lambda: prometheus.numbers(f"sum({flink_series.PENDING}) == 0"))
    (stopped,) = stop(PREDICT, settings)
    drill.expect("JobMissing")
    job.publish(settings, [job.empty_board("Old", datetime.now(UTC) - timedelta(hours=2))])
    resubmit_without_predictions(settings, str(stopped.savepoint), tmp_path)
    drill.expect("WatermarkBehind")
    feed.clock.go()
    feed.start_poller()
    drill.expect("PredictionsMissing")
    drill.wait_for_silence("JobMissing", "WatermarkBehind")


def boards_of_the_day(world: World, file: Path) -> list[BoardRecord]:
    """All boards of some hours of tomorrow."""
    record(world, file, start=tomorrow(FROM), hours=UNTIL - FROM, faults=Faults.parse("none", seed=5))
    return list(read_boards([file]))


def halt_broker(stack: Stack, settings: Settings, running: str, drill: Drill, prometheus: Prometheus) -> None:
    """Halt the broker while the job reads what waits, for so long that a checkpoint takes more than a minute."""
    pending = f"sum({flink_series.PENDING}) > 2000"
    wait_until("boards wait", lambda: prometheus.numbers(pending), every_seconds=0.1)
    with job.halted(stack, "kafka"):
        requests.post(f"{settings.flink_rest}/jobs/{running}/checkpoints", json={}, timeout=30).raise_for_status()
        began = time.monotonic()
        drill.expect("Lag")
        drill.expect("NoBoards")
        wait_until("the checkpoint is late", lambda: time.monotonic() - began > LONG_SECONDS)
    drill.expect("CheckpointsSlow")


@contextmanager
def checkpoints_lost(settings: Settings, running: str) -> Iterator[None]:
    """Let a file stand in the place of the folder of the job's checkpoints as long as the context lasts."""
    folder = settings.local_dir / "flink" / "checkpoints" / running
    kept = folder.rename(folder.with_name(f"{running}-kept"))
    folder.touch()
    try:
        yield
    finally:
        folder.unlink()
        kept.rename(folder)


def resubmit_without_predictions(settings: Settings, savepoint: str, folder: Path) -> None:
    """Go on from a savepoint with code whose operator ``score`` has another uid, and so does not find its state."""
    archive = pack(folder / "other-code.zip")
    source = Path(predict.__file__).read_text()
    assert source.count('.uid("score")') == 1
    with zipfile.ZipFile(archive, "a") as bundle:
        bundle.writestr("other_predict.py", source.replace('.uid("score")', '.uid("scores")'))
    options = ["--detached", "--fromSavepoint", savepoint, "--allowNonRestoredState"]
    code = ["--pyModule", "other_predict", "--pyFiles", str(archive)]
    done = flink_run(settings, [*options, *code], settings.as_environment())
    assert done.returncode == 0, done.stdout + done.stderr
