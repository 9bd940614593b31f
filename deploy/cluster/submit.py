"""Send a job to a Flink cluster: its code as one archive, its settings through the client's environment."""

from __future__ import annotations

import logging
import re

from deploy.cluster import submissions
from deploy.cluster.code_archive import contents, pack
from deploy.cluster.job_description import PREDICT, JobDescription
from deploy.local.flink import flink_run
from zielzeit.errors import UserError
from zielzeit.settings import Settings

log = logging.getLogger(__name__)

_JOB_ID = re.compile(r"JobID ([0-9a-f]{32})")


def submit(settings: Settings, job: JobDescription = PREDICT, *, savepoint: str | None = None) -> str:
    """Start a job with its own settings, from a savepoint or checkpoint if one is named, and return its id.

    Raises UserError with what the client said where the cluster refuses it or is not there.
    """
    archive = settings.local_dir / "flink" / "zielzeit-job.zip"
    before = contents(archive)
    pack(archive)
    if before not in (set(), contents(archive)) and settings.flink_execution_mode == "thread":
        log.warning(
            "the code has changed: TaskManagers in thread mode keep the old modules until they are restarted with "
            "`./zielzeit stack down flink` and `./zielzeit stack up flink`"
        )
    args = ["--detached", "--pyModule", job.module, "--pyFiles", str(archive)]
    if savepoint is not None:
        args[:0] = ["--fromSavepoint", savepoint]
    done = flink_run(settings, args, settings.as_environment())
    job_id = _JOB_ID.search(done.stdout)
    if done.returncode != 0 or job_id is None:
        raise UserError(f"the cluster at {settings.flink_rest} refused the job: {_essence(done.stdout + done.stderr)}")
    submissions.note(settings, job, job_id.group(1))
    return job_id.group(1)


def latest_checkpoint(settings: Settings, job: JobDescription = PREDICT) -> str:
    """URI of the job's newest completed checkpoint on the local stack, or of the savepoint that it was stopped with.

    Raises UserError if there is neither.
    """
    folder = settings.local_dir / "flink" / "checkpoints"
    found: list[tuple[float, str]] = []
    for submission in submissions.of(settings, job):
        done = folder.glob(f"{submission.job_id}/chk-*/_metadata")
        found += [(metadata.stat().st_mtime, metadata.parent.as_uri()) for metadata in done]
        # A job that was stopped leaves no checkpoint behind: an older one would publish everything since then again.
        if submission.savepoint is not None and submission.ended_at is not None:
            found.append((submission.ended_at, submission.savepoint))
    if not found:
        raise UserError(f"no completed checkpoint in {folder}: submit without --resume to start with empty state")
    return max(found)[1]


def _essence(output: str) -> str:
    """The lines of the client's output that name the error: the last causes, or its last lines."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith(("Caused by:", "java.", "org.apache.")) or "Error:" in line]
    return " | ".join((causes or lines)[-3:])
