"""Start a job: where it goes on from, room for it, its topics, its submission."""

from __future__ import annotations

from deploy.cluster import jobs
from deploy.cluster.job_description import JobDescription
from deploy.cluster.submit import latest_checkpoint, submit
from deploy.local.addresses import is_local
from deploy.local.stack import Stack
from zielzeit import topics
from zielzeit.kafka.admin import ensure_topics
from zielzeit.progress import SILENT, Progress
from zielzeit.settings import Settings

LATEST = "latest"
"""Stands for the newest checkpoint of the job on the local stack."""


def start(job: JobDescription, settings: Settings, *, resume: str | None = None, progress: Progress = SILENT) -> str:
    """Start a job and return its id; ``settings`` are the environment's.

    ``resume`` names a savepoint or checkpoint to go on from, or is ``LATEST``. Raises UserError where there is no such
    checkpoint, the cluster has no room, or cluster or broker do not answer.
    """
    own = job.settings(settings)
    savepoint = latest_checkpoint(own, job) if resume == LATEST else resume
    with progress.step(f"submitting {job.title}"):
        if job.part is not None:
            _make_room(own, job.part)
        ensure_topics(own, topics.ALL)
        return submit(own, job, savepoint=savepoint)


def _make_room(settings: Settings, part: str) -> None:
    """Start this part of the local stack where the cluster is the stack's and lacks slots; wait for the slots."""
    stack = Stack(settings)
    if jobs.free_slots(settings) < settings.parallelism and is_local(settings) and stack.has("flink"):
        stack.up({part})
    jobs.await_slots(settings)
