"""Stop a job: with a savepoint to go on from, or where it stands."""

from __future__ import annotations

import time
from typing import NamedTuple

from deploy.cluster import jobs, next_command, rest, submissions
from deploy.cluster.job_description import JobDescription
from zielzeit.errors import UserError
from zielzeit.progress import SILENT, Progress, Step
from zielzeit.settings import Settings

_POLL_SECONDS = 0.3


class Stopped(NamedTuple):
    """A job that runs no more."""

    job_id: str
    savepoint: str | None
    """URI of its savepoint; None without one."""


def stop(
    job: JobDescription,
    settings: Settings,
    *,
    savepoint: bool = True,
    folder: str | None = None,
    progress: Progress = SILENT,
) -> list[Stopped]:
    """Stop every job of this name on the cluster, wait for the end, and return them; none if there was no such job.

    The savepoint goes to ``folder``, or where the cluster keeps its savepoints. Without ``savepoint`` the job is
    cancelled; its last checkpoint stays. A job that failed or that the cluster lost is not reported by ``stack status``
    afterwards. Raises UserError if the cluster does not answer or the job cannot be stopped; it then runs on.
    """
    name = job.name(settings)
    stopped = []
    with progress.step(f"stopping {job.title} {name}") as step:
        for job_id in jobs.named(settings, name):
            where = None
            if savepoint:
                where = _with_savepoint(job, settings, job_id, folder, step)
            else:
                jobs.cancel(settings, job_id)
            step.say("waiting for its end")
            if not jobs.has_ended(word := jobs.await_end(settings, job_id)):
                raise UserError(f"{job.title} {name} (id {job_id}) has not ended in time: it is {word.lower()}")
            submissions.note_end(settings, job_id, where)
            stopped.append(Stopped(job_id, where))
    if not stopped:
        for submission in submissions.of(settings, job):
            if submission.flink_rest == settings.flink_rest and submission.ended_at is None:
                submissions.note_end(settings, submission.job_id)
    return stopped


def _with_savepoint(job: JobDescription, settings: Settings, job_id: str, folder: str | None, step: Step) -> str:
    """Stop the job with a savepoint and return the savepoint's URI."""
    step.say("asking for the savepoint")
    target: dict[str, object] = {} if folder is None else {"targetDirectory": folder}
    # Drained, the job would decide everything that it still waits for.
    asked = rest.ask(settings, "POST", f"jobs/{job_id}/stop", {"drain": False, **target})
    step.say("its state is being written")
    trigger = f"jobs/{job_id}/savepoints/{asked['request-id']}"
    # Flink itself gives up at its time-out for checkpoints.
    while (answer := rest.get(settings, trigger))["status"]["id"] != "COMPLETED":
        time.sleep(_POLL_SECONDS)
    outcome = answer["operation"]
    if "location" in outcome:
        return str(outcome["location"])
    cause = rest.cause(outcome["failure-cause"]["stack-trace"])
    raise UserError(
        f"{job.title} {job.name(settings)} is not stopped, for there is no savepoint of it ({cause}): try again when "
        f"all of it runs, or stop it with `{next_command.stop(job, settings)} --without-savepoint`"
    )
