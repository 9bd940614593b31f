"""``zielzeit submit``: the job to a Flink cluster."""

from __future__ import annotations

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
    TopicPrefix,
    settings_of,
)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="submit", help="Submit the job to the local or any other Flink cluster.")(submit)


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
    """Create missing topics, then start the job; prints its id and the dashboard's address."""
    from rich.console import Console

    from deploy.cluster import submit as submission
    from zielzeit import topics
    from zielzeit.kafka.admin import ensure_topics

    config = settings_of(context)
    savepoint = submission.latest_checkpoint(config) if resume == "latest" else resume
    console = Console()
    with console.status("submitting the job"):
        ensure_topics(config, topics.ALL)
        job_id = submission.submit(config, savepoint=savepoint)
    console.print(f"job {job_id} runs: {config.flink_rest}/#/job/running/{job_id}/overview", soft_wrap=True)
