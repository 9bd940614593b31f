"""What the jobs of a cluster do, for people: running, restarting and why, failed, or gone without a trace.

Without high availability the cluster forgets its jobs when the JobManager ends; the journal of submissions tells which
of them are missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from deploy.cluster import next_command, rest, submissions
from deploy.cluster.job_description import JOBS, JobDescription
from deploy.cluster.jobs import all_tasks_run
from deploy.cluster.submissions import Submission
from zielzeit.settings import Settings

State = Literal["starting", "running", "restarting", "stopping", "failed", "gone"]

_STATES: dict[str, State] = {
    "RUNNING": "running",
    "FAILING": "restarting",
    "RESTARTING": "restarting",
    "CANCELLING": "stopping",
    "FAILED": "failed",
}
"""Flink's words; all others are of a job that is about to start."""
_OVER = frozenset({"CANCELED", "FINISHED"})
_BREAK_SECONDS = 300.0
"""Failures that lie further apart are two troubles, not one: attempts to restart are a minute apart at most."""


class JobStatus(msgspec.Struct, frozen=True, kw_only=True):
    """State of a job."""

    name: str
    job_id: str
    state: State
    since: float
    """When this state began, Unix seconds; for a job that is gone, when it was submitted."""
    restarts: int | None = None
    """Number of restarts since the submission; None where the cluster does not say."""
    cause: str = ""
    """Why it restarts or failed, one line."""
    command: str = ""
    """Command that makes it run again; empty where it needs none or none is known."""


def job_statuses(settings: Settings) -> list[JobStatus]:
    """States of all jobs that should be running: those that have not ended, and those that ended unasked.

    Raises UserError if the cluster does not answer.
    """
    overview = rest.get(settings, "jobs/overview")["jobs"]
    known = submissions.last_ones(settings)
    found = [_status(settings, job) for job in expected(overview, known)]
    return found + [_gone(settings, submission) for submission in missing(overview, known)]


def expected(overview: Iterable[Mapping[str, Any]], known: Iterable[Submission]) -> list[Mapping[str, Any]]:
    """The jobs of an overview that run, and those that failed last of their name and whose end nobody has noted."""
    noted = {submission.job_id for submission in known if submission.ended_at is not None}
    chosen: list[Mapping[str, Any]] = []
    names = set()
    for job in sorted(overview, key=lambda job: int(job["start-time"]), reverse=True):
        failed = job["state"] == "FAILED" and job["name"] not in names and job["jid"] not in noted
        if failed or job["state"] not in _OVER | {"FAILED"}:
            chosen.append(job)
        names.add(job["name"])
    return sorted(chosen, key=lambda job: str(job["name"]))


def missing(overview: Iterable[Mapping[str, Any]], known: Iterable[Submission]) -> list[Submission]:
    """The submissions that the cluster does not know, though nobody stopped them and they have no end of their own."""
    jobs = list(overview)
    ids, names = {job["jid"] for job in jobs}, {job["name"] for job in jobs}
    return [
        submission
        for submission in known
        if submission.job_id not in ids
        and submission.name not in names
        and submission.ended_at is None
        and not submission.bounded
    ]


def state_of(job: Mapping[str, Any]) -> State:
    """State of a job by Flink's description of it: it runs only if each of its tasks runs or has finished."""
    state = _STATES.get(job["state"], "starting")
    return "starting" if state == "running" and not all_tasks_run(job) else state


def restarting_since(failures: Iterable[float], now: float) -> float | None:
    """When the failures began that have not stopped yet (Unix seconds); None if the last one is long past."""
    began = None
    for at in sorted(failures, reverse=True):
        if (began or now) - at > _BREAK_SECONDS:
            break
        began = at
    return began


def sentence(status: JobStatus) -> str:
    """What there is to say of a job that does not simply run; empty if it does."""
    again = f" Go on with `{status.command}`." if status.command else ""
    if status.state == "gone":
        return (
            f"{status.name}: no job. The last one that was submitted is gone, as after the JobManager's end without "
            f"high availability.{again}"
        )
    if status.state == "failed":
        return f"{status.name} failed: {status.cause or 'no cause known'}.{again}"
    return f"{status.name} restarts: {status.cause}" if status.cause else ""


def _status(settings: Settings, listed: Mapping[str, Any]) -> JobStatus:
    name, job_id = str(listed["name"]), str(listed["jid"])
    job = rest.get(settings, f"jobs/{job_id}")
    state = state_of(job)
    now, since = job["now"] / 1000, job["timestamps"].get(job["state"], job["start-time"]) / 1000
    history: Sequence[Mapping[str, Any]] = rest.get(settings, f"jobs/{job_id}/exceptions?maxExceptions=100")[
        "exceptionHistory"
    ]["entries"]
    failing = restarting_since((entry["timestamp"] / 1000 for entry in history), now)
    if state == "starting" and failing is not None:
        # Between two attempts the job is RUNNING for Flink, and none of its tasks runs.
        state = "restarting"
    if state == "restarting" and failing is not None:
        since = failing
    told = bool(history) and state in ("restarting", "failed")
    return JobStatus(
        name=name,
        job_id=job_id,
        state=state,
        since=since,
        restarts=_restarts(settings, job_id),
        cause=rest.cause(history[0]["stacktrace"]) if told else "",
        command=_again(settings, name) if state == "failed" else "",
    )


def _gone(settings: Settings, submission: Submission) -> JobStatus:
    return JobStatus(
        name=submission.name,
        job_id=submission.job_id,
        state="gone",
        since=submission.submitted_at,
        command=_again(settings, submission.name),
    )


def _restarts(settings: Settings, job_id: str) -> int | None:
    values = rest.get(settings, f"jobs/{job_id}/metrics?get=numRestarts")
    return int(values[0]["value"]) if values else None


def _again(settings: Settings, name: str) -> str:
    """The command that goes on from the job's last checkpoint; empty for a job that is not ours."""
    for job in JOBS.values():
        if (prefix := _prefix(job, settings, name)) is not None:
            return next_command.resume(job, settings.model_copy(update={"topic_prefix": prefix}), next_command.LATEST)
    return ""


def _prefix(job: JobDescription, settings: Settings, name: str) -> str | None:
    """The prefix of the topics of a job of this name; None if it is not this job."""
    bare = job.name(settings.model_copy(update={"topic_prefix": ""}))
    return name.removesuffix(bare) if name.endswith(bare) else None
