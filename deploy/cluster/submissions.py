"""Journal of submissions: a file for each job that was submitted from here, below ``local_dir``.

It tells checkpoints of one job from those of another (their folders are named by id alone), and remembers a job that
the cluster has lost.
"""

from __future__ import annotations

import re
import time
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from deploy.cluster.job_description import JobDescription
from zielzeit import file_lock
from zielzeit.settings import Settings

_CHECKPOINT = re.compile(r"/([0-9a-f]{32})/chk-[0-9]+/?$")


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A job that was submitted. The times are Unix seconds."""

    job_id: str
    name: str
    """Name of the job on the cluster."""
    flink_rest: str
    """URL of the cluster."""
    submitted_at: float
    bounded: bool
    """True if the job finishes by itself."""
    state_backend: str = ""
    """``Settings.state_backend``; empty where an older version, which kept state on the heap, submitted the job."""
    state_format: int = 1
    """``JobDescription.state_format``; older versions did not note it."""
    from_archive: bool = False
    """True if the job began with the boards in the lake: its graph has a source more."""
    ended_at: float | None = None
    """When a person stopped the job, or took note of its end; None before."""
    savepoint: str | None = None
    """Where the state lies that the job was stopped with."""


def note(settings: Settings, job: JobDescription, job_id: str) -> None:
    """Enter a submission."""
    submission = Submission(
        job_id=job_id,
        name=job.name(settings),
        flink_rest=settings.flink_rest,
        submitted_at=time.time(),
        bounded=settings.bounded,
        state_backend=settings.state_backend,
        state_format=job.state_format,
        from_archive=settings.start_from == "archive",
    )
    _write(_folder(settings, job), submission)


def note_end(settings: Settings, job_id: str, savepoint: str | None = None) -> None:
    """Enter the end of a job that is over because somebody wanted it. Does nothing if it was submitted elsewhere."""
    for file in _root(settings).glob(f"*/{job_id}"):
        ended = msgspec.structs.replace(_read(file), ended_at=time.time(), savepoint=savepoint)
        _write(file.parent, ended)


def of(settings: Settings, job: JobDescription) -> list[Submission]:
    """Submissions of a job for the topics of these settings, the oldest first."""
    return _sorted(_folder(settings, job))


def last_ones(settings: Settings) -> list[Submission]:
    """The last submission to this cluster of each job, whatever its topics."""
    folders = sorted(folder for folder in _root(settings).glob("*") if folder.is_dir())
    here = [[each for each in _sorted(folder) if each.flink_rest == settings.flink_rest] for folder in folders]
    return [submissions[-1] for submissions in here if submissions]


def is_checkpoint(uri: str) -> bool:
    """Return True for the URI of a checkpoint, False for that of a savepoint."""
    return _CHECKPOINT.search(uri) is not None


def that_wrote(settings: Settings, uri: str) -> Submission | None:
    """Submission of the job whose checkpoint, or last savepoint, a URI names; None for a job submitted elsewhere."""
    job_id = _CHECKPOINT.search(uri)
    files = _root(settings).glob(f"*/{job_id[1]}" if job_id else "*/*")
    return next((each for each in map(_read, files) if job_id or each.savepoint == uri), None)


def alone(settings: Settings, job: JobDescription) -> AbstractContextManager[None]:
    """Keep others on this machine from submitting the same job meanwhile: the cluster knows it only at the end.

    Raises UserError if somebody is about to submit it.
    """
    folder = _folder(settings, job)
    submitting = f"another `./zielzeit {job.command}` is submitting {job.title} {job.name(settings)} at this moment"
    return file_lock.held(folder.with_name(f"{folder.name}.lock"), submitting)


def _root(settings: Settings) -> Path:
    return settings.local_dir / "flink" / "submitted"


def _folder(settings: Settings, job: JobDescription) -> Path:
    return _root(settings) / f"{settings.topic_prefix}{job.module}"


def _sorted(folder: Path) -> list[Submission]:
    return sorted(map(_read, folder.glob("*")), key=lambda submission: submission.submitted_at)


def _read(file: Path) -> Submission:
    text = file.read_bytes()
    if text:
        return msgspec.json.decode(text, type=Submission)
    # Entries were empty files once: their checkpoints can still be gone on from.
    at = file.stat().st_mtime
    return Submission(job_id=file.name, name="", flink_rest="", submitted_at=at, bounded=False)


def _write(folder: Path, submission: Submission) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{submission.job_id}.part")
    partial.write_bytes(msgspec.json.encode(submission))
    partial.rename(folder / submission.job_id)
