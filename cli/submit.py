"""``zielzeit submit``: the job to a Flink cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import Bounded, Broker, Cluster, Gap, Grace, Group, LakeAt, MaxSilence, Prefix, Resume, Settle
from zielzeit import settings


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="submit", help="Submit the job to the local or any other Flink cluster.")(submit)


def submit(
    flink_rest: Cluster = None,
    kafka_bootstrap: Broker = None,
    topic_prefix: Prefix = None,
    group_id: Group = None,
    start_from: Annotated[
        str | None,
        typer.Option(help="group-offsets, earliest-offset, latest-offset, or archive: the lake's boards come first."),
    ] = None,
    bounded: Bounded = None,
    lake: LakeAt = None,
    mlflow_uri: Annotated[str | None, typer.Option(help="MLflow tracking server.")] = None,
    model_name: Annotated[str | None, typer.Option("--model", help="Registered model's name.")] = None,
    model_alias: Annotated[str | None, typer.Option("--alias", help="Alias of the version to serve.")] = None,
    gap_minutes: Gap = None,
    settle_minutes: Settle = None,
    grace_minutes: Grace = None,
    max_silence_minutes: MaxSilence = None,
    parallelism: Annotated[int | None, typer.Option(help="Parallelism of the job.")] = None,
    resume: Resume = None,
) -> None:
    """Create missing topics, then start the job; prints its id and the dashboard's address."""
    from rich.console import Console

    from deploy.cluster import submit as submission
    from zielzeit import topics
    from zielzeit.kafka.admin import ensure_topics

    config = settings.load(
        flink_rest=flink_rest,
        kafka_bootstrap=kafka_bootstrap,
        topic_prefix=topic_prefix,
        group_id=group_id,
        start_from=start_from,
        bounded=bounded,
        lake=lake,
        mlflow_uri=mlflow_uri,
        model_name=model_name,
        model_alias=model_alias,
        gap_minutes=gap_minutes,
        settle_minutes=settle_minutes,
        grace_minutes=grace_minutes,
        max_silence_minutes=max_silence_minutes,
        parallelism=parallelism,
    )
    savepoint = submission.latest_checkpoint(config) if resume == "latest" else resume
    console = Console()
    with console.status("submitting the job"):
        ensure_topics(config, topics.ALL)
        job_id = submission.submit(config, savepoint=savepoint)
    console.print(f"job {job_id} runs: {config.flink_rest}/#/job/running/{job_id}/overview", soft_wrap=True)
