"""Jobs of a Flink cluster over its REST API: list them, read their state, cancel them."""

from __future__ import annotations

import time
from typing import Any

import requests

from zielzeit.errors import UserError
from zielzeit.settings import Settings

_TIMEOUT_SECONDS = 5.0
_CANCEL_SECONDS = 30.0
_POLL_SECONDS = 0.3
_ENDED = frozenset({"FAILED", "CANCELED", "FINISHED"})
LOST = "LOST"
"""Our own state, not Flink's: the cluster answers but does not know the job, as after a JobManager was killed."""


def named(settings: Settings, name: str) -> list[str]:
    """Ids of the jobs of this name that have not ended. Raises UserError if no cluster answers."""
    jobs = _get(settings, "jobs/overview")["jobs"]
    return [job["jid"] for job in jobs if job["name"] == name and job["state"] not in _ENDED]


def free_slots(settings: Settings) -> int:
    """Number of free slots. Raises UserError if no cluster answers."""
    return int(_get(settings, "overview")["slots-available"])


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
    """State of a job: ``RUNNING`` only if every task runs, else Flink's word, ``LOST``, or ``UNKNOWN`` (no answer)."""
    try:
        response = _send(settings, "GET", f"jobs/{job}")
        if response.status_code == requests.codes.not_found:
            return LOST
        response.raise_for_status()
        answer = response.json()
    except requests.RequestException:
        return "UNKNOWN"
    word = str(answer["state"])
    if word == "RUNNING" and any(vertex["status"] != "RUNNING" for vertex in answer["vertices"]):
        return "STARTING"
    return word


def has_ended(word: str) -> bool:
    """Return True if a job in this state has ended for good."""
    return word in _ENDED


def failure(settings: Settings, job: str) -> str:
    """Deepest cause of the job's last failure, one line; empty if there was none."""
    try:
        entries = _get(settings, f"jobs/{job}/exceptions?maxExceptions=1")["exceptionHistory"]["entries"]
    except UserError:
        return ""
    lines = [line.strip() for entry in entries for line in entry["stacktrace"].splitlines()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return causes[-1] if causes else lines[0] if lines else ""


def cancel(settings: Settings, job: str) -> None:
    """Cancel a job and wait for its end, for half a minute at most. Does nothing if no cluster answers."""
    try:
        _send(settings, "PATCH", f"jobs/{job}?mode=cancel")
    except requests.RequestException:
        return
    deadline = time.monotonic() + _CANCEL_SECONDS
    while time.monotonic() < deadline and state(settings, job) not in _ENDED | {LOST, "UNKNOWN"}:
        time.sleep(0.2)


def _get(settings: Settings, path: str) -> Any:
    try:
        response = _send(settings, "GET", path)
        response.raise_for_status()
        return response.json()
    except (requests.ConnectionError, requests.Timeout):
        raise UserError(
            f"no Flink cluster answers at {settings.flink_rest}: start the local stack with './zielzeit stack up' "
            "or name another cluster with ZIELZEIT_FLINK_REST"
        ) from None
    except requests.RequestException as error:
        raise UserError(f"the Flink cluster at {settings.flink_rest} refuses to answer: {error}") from None


def _send(settings: Settings, method: str, path: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the environment is not for the cluster
        return session.request(method, f"{settings.flink_rest.rstrip('/')}/{path}", timeout=_TIMEOUT_SECONDS)
