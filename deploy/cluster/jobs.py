"""Jobs of a Flink cluster over its REST API: list them, read their state, cancel them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import requests

from deploy.cluster import rest
from zielzeit.errors import UserError
from zielzeit.settings import Settings

_END_SECONDS = 30.0
_POLL_SECONDS = 0.3
_SILENCE_SECONDS = 60.0
_ENDED = frozenset({"FAILED", "CANCELED", "FINISHED"})
LOST = "LOST"
"""Our own state, not Flink's: the cluster answers but does not know the job, as after a JobManager was killed."""


def named(settings: Settings, name: str) -> list[str]:
    """Ids of the jobs of this name that have not ended, the oldest first. Raises UserError if no cluster answers."""
    jobs = sorted(rest.get(settings, "jobs/overview")["jobs"], key=lambda job: (job["start-time"], job["jid"]))
    return [job["jid"] for job in jobs if job["name"] == name and job["state"] not in _ENDED]


def free_slots(settings: Settings) -> int:
    """Number of free slots. Raises UserError if no cluster answers."""
    return int(rest.get(settings, "overview")["slots-available"])


def await_slots(settings: Settings, timeout_seconds: float = 20.0) -> None:
    """Wait until the cluster has enough free slots for the job.

    A job that was just cancelled frees its slots late, a new TaskManager registers late. Raises UserError if the slots
    stay taken or no cluster answers.
    """
    needed, deadline = settings.parallelism, time.monotonic() + timeout_seconds
    while (free := free_slots(settings)) < needed:
        if time.monotonic() > deadline:
            raise UserError(
                f"the cluster at {settings.flink_rest} has {free} free slots, the job needs {needed}: "
                "cancel the job that runs there, or raise ZIELZEIT_TASK_MANAGERS and run `./zielzeit stack up flink`"
            )
        time.sleep(_POLL_SECONDS)


def state(settings: Settings, job: str) -> str:
    """State of a job: ``RUNNING`` only if ``all_tasks_run``, else Flink's word, ``LOST``, or ``UNKNOWN``: no answer."""
    try:
        response = rest.send(settings, "GET", f"jobs/{job}")
        if response.status_code == requests.codes.not_found:
            return LOST
        response.raise_for_status()
        answer = response.json()
    except requests.RequestException:
        return "UNKNOWN"
    word = str(answer["state"])
    return "STARTING" if word == "RUNNING" and not all_tasks_run(answer) else word


def all_tasks_run(job: Mapping[str, Any]) -> bool:
    """Return True if each task of a job, by Flink's description of it, runs or has finished."""
    return all(vertex["status"] in ("RUNNING", "FINISHED") for vertex in job["vertices"])


def has_ended(word: str) -> bool:
    """Return True if a job in this state has ended for good."""
    return word in _ENDED


def failure(settings: Settings, job: str) -> str:
    """Deepest cause of the job's last failure, one line; empty if there was none."""
    try:
        entries = rest.get(settings, f"jobs/{job}/exceptions?maxExceptions=1")["exceptionHistory"]["entries"]
    except UserError:
        return ""
    return rest.cause("\n".join(entry["stacktrace"] for entry in entries))


def cancel(settings: Settings, job: str) -> None:
    """Cancel a job and wait for its end, for half a minute at most. Does nothing if no cluster answers."""
    try:
        rest.send(settings, "PATCH", f"jobs/{job}?mode=cancel")
    except requests.RequestException:
        return
    await_end(settings, job)


def await_finish(settings: Settings, job: str) -> None:
    """Wait until a bounded job has finished.

    Raises UserError if it ends otherwise, if the cluster does not know it any more or has not answered for a minute.
    """
    answered = time.monotonic()
    while (word := state(settings, job)) != "FINISHED":
        if word in _ENDED | {LOST}:
            cause = failure(settings, job)
            raise UserError(f"job {job} did not finish, it is {word.lower()}" + (f": {cause}" if cause else ""))
        if word != "UNKNOWN":
            answered = time.monotonic()
        elif time.monotonic() - answered > _SILENCE_SECONDS:
            raise UserError(f"the cluster at {settings.flink_rest} does not answer; job {job} may still run there")
        time.sleep(_POLL_SECONDS)


def await_end(settings: Settings, job: str) -> str:
    """Wait for a job's end, for half a minute at most, and return its last state.

    A cluster that does not know the job any more, or does not answer, is not waited for.
    """
    deadline = time.monotonic() + _END_SECONDS
    while (word := state(settings, job)) not in _ENDED | {LOST, "UNKNOWN"} and time.monotonic() < deadline:
        time.sleep(0.2)
    return word
