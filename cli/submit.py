"""``zielzeit submit``, ``store`` and ``stop``: jobs to a Flink cluster, and off it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

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
    Wait,
    settings_of,
)

if TYPE_CHECKING:
    from deploy.cluster.job_description import JobDescription


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="submit")(submit)
    app.command(name="store")(store)
    app.command(name="stop")(stop)


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
    wait: Wait = False,
) -> None:
    """Submit the job to the local or any other Flink cluster.

    Creates missing topics first; prints the job's id and its page in the dashboard. Refuses to submit a job that is on
    the cluster already; `stop` stops it.
    """
    from deploy.cluster.job_description import PREDICT

    _start(PREDICT, context, resume, wait)


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
    wait: Wait = False,
) -> None:
    """Submit the storage job: topics to Parquet by day, exactly once.

    Adds a TaskManager to the local stack if it has no free slot; prints the job's id and its page in the dashboard.
    """
    from deploy.cluster.job_description import STORE

    _start(STORE, context, resume, wait)


def stop(
    context: typer.Context,
    job: Annotated[
        Literal["predict", "store"], typer.Argument(help="What `submit` started (predict) or what `store` started.")
    ] = "predict",
    without_savepoint: Annotated[
        bool, typer.Option("--without-savepoint", help="Cancel the job; its last checkpoint stays.")
    ] = False,
    savepoints: Annotated[
        str | None,
        typer.Option("--savepoints", help="Folder or s3://bucket/prefix of the savepoint; default: the cluster's own."),
    ] = None,
    flink_rest: FlinkRest = None,
    topic_prefix: TopicPrefix = None,
) -> None:
    """Stop the job with a savepoint, and print the command that goes on from it.

    Nothing is lost or doubled if the job is submitted again from the savepoint.
    """
    from deploy.cluster import next_command
    from deploy.cluster import stop as stopping
    from deploy.cluster.job_description import JOBS
    from zielzeit.progress import Shown

    description = JOBS[job]
    own = description.settings(settings_of(context))
    name = description.name(own)
    stopped = stopping.stop(description, own, savepoint=not without_savepoint, folder=savepoints, progress=Shown())
    if not stopped:
        print(f"No job {name} is on the cluster at {own.flink_rest}; `stack status` expects none any more.")
    for one in stopped:
        if one.savepoint is None:
            print(f"job {one.job_id} {name} is cancelled, without a savepoint")
            again = next_command.LATEST
        else:
            print(f"job {one.job_id} {name} is stopped; its savepoint: {one.savepoint}")
            again = one.savepoint
        print(f"To go on from there: {next_command.resume(description, own, again)}")


def _start(job: JobDescription, context: typer.Context, resume: str | None, wait: bool) -> None:
    from deploy.cluster import jobs
    from deploy.cluster.start import start
    from zielzeit.errors import UserError
    from zielzeit.progress import Shown

    config = settings_of(context)
    if wait and not config.bounded:
        raise UserError(f"{job.command}: --wait waits for the job's end, and only a job with --bounded has one")
    job_id = start(job, config, resume=resume, progress=Shown())
    print(f"job {job_id} {job.result(config)}: {config.flink_rest}/#/job/running/{job_id}/overview", flush=True)
    if wait:
        with Shown().step(f"waiting for the end of job {job_id}"):
            jobs.await_finish(config, job_id)
        print(f"job {job_id} has finished")
