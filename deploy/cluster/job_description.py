"""The jobs that can be submitted, and all that differs between them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from deploy.local.programs import STORE as STORE_PART
from zielzeit.settings import Settings


class JobDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What submitting must know about a job of ``flink_jobs``."""

    module: str
    """Module with the job's ``main``."""
    title: str
    """What messages call it."""
    command: str
    """Command of ``./zielzeit`` that submits it."""
    name: Callable[[Settings], str]
    """Its name on the cluster, which says what topics it is for."""
    output: str
    """What it makes one of where it runs once, and two where it runs twice, for a message."""
    settings: Callable[[Settings], Settings]
    """The job's settings, made of the environment's."""
    result: Callable[[Settings], str]
    """What the job does once it is submitted, for a message."""
    state_format: int = 1
    """Format of its state: another one is another number, and checkpoints of the one before cannot be gone on from."""
    part: str | None = None
    """Part of the local stack that brings slots for it; None where the stack's own TaskManagers are meant for it."""


PREDICT = JobDescription(
    module="flink_jobs.predict",
    title="the job",
    command="submit",
    name=lambda settings: settings.job_name,
    output="prediction",
    settings=Settings.for_prediction,
    result=lambda settings: "runs",
    # From 2 on: stations as a snapshot and the boards since. From 3 on: trains by bucket. From 4 on: buckets of other
    # names.
    state_format=4,
)
STORE = JobDescription(
    module="flink_jobs.store",
    title="the storage job",
    command="store",
    name=lambda settings: settings.store_name,
    output="row",
    settings=Settings.for_storage,
    result=lambda settings: f"writes {settings.lake}",
    part=STORE_PART,
)
JOBS = {"predict": PREDICT, "store": STORE}
"""The jobs by the word that ``stop`` takes."""
