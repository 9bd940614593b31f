"""The manifest's main job runs in Flink's application mode, and goes on from its savepoint after an upgrade."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.cluster.job_description import PREDICT
from deploy.cluster.stop import stop
from tests.conftest import stack_settings
from tests.integration import job
from tests.integration.application_cluster import ApplicationCluster, Deployment
from zielzeit import topics
from zielzeit.boards.record import BoardRecord
from zielzeit.settings import Settings

pytestmark = pytest.mark.integration


def test_the_manifests_job_predicts_and_an_upgrade_from_its_savepoint_doubles_and_loses_nothing(
    broker: str, registry: str, installed: Path, evening: Sequence[BoardRecord], tmp_path: Path
) -> None:
    machine = stack_settings(
        tmp_path, kafka_bootstrap=broker, mlflow_uri=registry, boards_ahead_minutes=0,
        topic_prefix=f"{tmp_path.name}.", group_id=tmp_path.name,
    )  # fmt: skip
    deployment, cluster = Deployment.of("staging"), ApplicationCluster(machine, installed)
    settings = deployment.settings(machine)
    expected = job.decided_offline(settings, evening)
    half = len(evening) // 2
    with cluster.zookeeper():
        cluster.make_topics(deployment)
        job.publish(settings, evening[:half])
        with cluster.running(deployment) as started:
            assert _parallelism(settings, started) == 2
            job.wait_for_records(settings, topics.PREDICTIONS, 1)
            (stopped,) = stop(PREDICT, settings)
            time.sleep(10)  # else ZooKeeper may still have the ended job, and the next JobManager takes it for running
        job.publish(settings, evening[half:])
        job.publish_end_of_time(settings, evening[-1].polled_at)
        with cluster.running(deployment.upgraded(parallelism=1), stopped.savepoint) as started:
            assert _parallelism(settings, started) == 1
            departed = {decision["id"] for decision in expected if decision["kind"] == "departed"}
            job.wait_for_records(settings, topics.OUTCOMES, len(departed))
            known = job.records(settings, *topics.DECISIONS)
            assert {decision["id"] for decision in known if decision["kind"] == "departed"} == departed
            job.assert_each_once(settings, expected)


def _parallelism(settings: Settings, started: str) -> int:
    """The largest parallelism of the job's operators."""
    return max(int(vertex["parallelism"]) for vertex in job.get(settings, f"/jobs/{started}")["vertices"])
