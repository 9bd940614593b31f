"""Commands that messages tell a person to type next, with the flags that lead to the same cluster and topics."""

from __future__ import annotations

import shlex

from deploy.cluster import submissions
from deploy.cluster.job_description import JOBS, PREDICT, JobDescription
from zielzeit.settings import Settings, flag, load

LATEST = "latest"
"""Stands for the newest checkpoint or savepoint of the job on the local stack."""


def resume(job: JobDescription, settings: Settings, snapshot: str) -> str:
    """The command that submits the job again, from a savepoint or checkpoint, or from the ``LATEST``."""
    wrote = submissions.that_wrote(settings, snapshot)
    if snapshot == LATEST:
        wrote = next(reversed(submissions.of(settings, job)), None)
    began = [flag("start_from"), "archive"] if wrote is not None and wrote.from_archive else []
    return shlex.join(["./zielzeit", job.command, *_flags(settings), *began, "--resume", snapshot])


def stop(job: JobDescription, settings: Settings) -> str:
    """The command that stops the job."""
    chosen = [word for word, known in JOBS.items() if known is job is not PREDICT]
    return shlex.join(["./zielzeit", "stop", *chosen, *_flags(settings)])


def _flags(settings: Settings) -> list[str]:
    """Flags for the settings that are not the environment's."""
    given = load()
    return [
        word
        for name in ("flink_rest", "topic_prefix")
        if getattr(settings, name) != getattr(given, name)
        for word in (flag(name), str(getattr(settings, name)))
    ]
