"""``zielzeit store``: the storage job to a Flink cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cli.options import (
    Bounded,
    FlinkRest,
    GroupId,
    KafkaBootstrap,
    LakeAt,
    Resume,
    StartFrom,
    StoreIntervalSeconds,
    TopicPrefix,
    settings_of,
)

if TYPE_CHECKING:
    from deploy.local.stack import Stack


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="store", help="Submit the storage job: topics to Parquet by day, exactly once.")(store)


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
    """Make room on the local stack where there is none, then start the job; prints its id."""
    from rich.console import Console

    from deploy.cluster import jobs
    from deploy.cluster import submit as submission
    from deploy.local.layout import is_local
    from deploy.local.programs import STORE
    from deploy.local.stack import Stack
    from zielzeit import topics
    from zielzeit.kafka.admin import ensure_topics

    config = settings_of(context).for_storage()
    savepoint = submission.latest_checkpoint(config, submission.STORE) if resume == "latest" else resume
    console = Console()
    with console.status("submitting the storage job"):
        if jobs.free_slots(config) < config.parallelism and is_local(config) and _is_ours(Stack(config)):
            Stack(config).up({STORE})
        jobs.await_slots(config)
        ensure_topics(config, topics.ALL)
        job_id = submission.submit(config, submission.STORE, savepoint=savepoint)
    console.print(
        f"job {job_id} writes {config.lake}: {config.flink_rest}/#/job/running/{job_id}/overview", soft_wrap=True
    )


def _is_ours(stack: Stack) -> bool:
    """Whether the cluster on this machine is the local stack's."""
    return any(status.part == "flink" and status.state == "up" for status in stack.status())
