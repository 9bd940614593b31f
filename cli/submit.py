"""``zielzeit submit`` and ``zielzeit store``: a job to a Flink cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cli.options import (
    Bounded,
    FlinkRest,
    Gap,
    Grace,
    GroupId,
    KafkaBootstrap,
    LakeAt,
    MaxSilence,
    MlflowUri,
    ModelAlias,
    ModelName,
    Parallelism,
    Resume,
    Settle,
    StartFrom,
    StoreIntervalSeconds,
    TopicPrefix,
    settings_of,
)

if TYPE_CHECKING:
    from deploy.cluster.job_description import JobDescription


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="submit")(submit)
    app.command(name="store")(store)


def submit(
    context: typer.Context,
    flink_rest: FlinkRest = None,
    kafka_bootstrap: KafkaBootstrap = None,
    topic_prefix: TopicPrefix = None,
    group_id: GroupId = None,
    start_from: StartFrom = None,
    bounded: Bounded = None,
    lake: LakeAt = None,
    mlflow_uri: MlflowUri = None,
    model_name: ModelName = None,
    model_alias: ModelAlias = None,
    gap: Gap = None,
    settle: Settle = None,
    grace: Grace = None,
    max_silence: MaxSilence = None,
    parallelism: Parallelism = None,
    resume: Resume = None,
) -> None:
    """Submit the job to the local or any other Flink cluster.

    Creates missing topics first; prints the job's id and its page in the dashboard.
    """
    from deploy.cluster.job_description import PREDICT

    _start(PREDICT, context, resume)


def store(
    context: typer.Context,
    flink_rest: FlinkRest = None,
    kafka_bootstrap: KafkaBootstrap = None,
    topic_prefix: TopicPrefix = None,
    group_id: GroupId = None,
    start_from: StartFrom = None,
    bounded: Bounded = None,
    lake: LakeAt = None,
    store_interval_seconds: StoreIntervalSeconds = None,
    resume: Resume = None,
) -> None:
    """Submit the storage job: topics to Parquet by day, exactly once.

    Adds a TaskManager to the local stack if it has no free slot; prints the job's id and its page in the dashboard.
    """
    from deploy.cluster.job_description import STORE

    _start(STORE, context, resume)


def _start(job: JobDescription, context: typer.Context, resume: str | None) -> None:
    from deploy.cluster.start import start
    from zielzeit.progress import Shown

    config = settings_of(context)
    job_id = start(job, config, resume=resume, progress=Shown())
    print(f"job {job_id} {job.result(config)}: {config.flink_rest}/#/job/running/{job_id}/overview")
