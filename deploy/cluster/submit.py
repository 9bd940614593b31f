"""Send a job to a Flink cluster: its code as one archive, its settings through the client's environment."""

from __future__ import annotations

import logging
import re
from pathlib import Path

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
    submitted = _submitted(settings, job) / job_id.group(1)
    submitted.parent.mkdir(parents=True, exist_ok=True)
    submitted.touch()
    return submitted.name


def latest_checkpoint(settings: Settings, job: JobDescription = PREDICT) -> str:
    """URI of the job's newest completed checkpoint on the local stack. Raises UserError if there is none."""
    folder = settings.local_dir / "flink" / "checkpoints"
    ids = [file.name for file in _submitted(settings, job).glob("*")]
    done = [metadata.parent for job_id in ids for metadata in folder.glob(f"{job_id}/chk-*/_metadata")]
    if not done:
        raise UserError(f"no completed checkpoint in {folder}: submit without --resume to start with empty state")
    return max(done, key=lambda checkpoint: checkpoint.stat().st_mtime).as_uri()


def _submitted(settings: Settings, job: JobDescription) -> Path:
    """Folder of empty files, named by the ids of the job's submissions: folders of checkpoints are named by id."""
    return settings.local_dir / "flink" / "submitted" / f"{settings.topic_prefix}{job.module}"


def _essence(output: str) -> str:
    """The lines of the client's output that name the error: the last causes, or its last lines."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith(("Caused by:", "java.", "org.apache.")) or "Error:" in line]
    return " | ".join((causes or lines)[-3:])
