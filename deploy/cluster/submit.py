"""Send a job to a Flink cluster: its code as one archive, its settings through the client's environment."""

from __future__ import annotations

import logging
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from deploy.local.flink import flink_run
from zielzeit.errors import UserError
from zielzeit.settings import ROOT, Settings

log = logging.getLogger(__name__)

PREDICT, STORE = "flink_jobs.predict", "flink_jobs.store"
"""The jobs, by their modules."""

_CODE = ("src/zielzeit", "flink_jobs", "udfs")
"""What runs on a worker: the library, the jobs and their functions; the archive holds them as packages."""
_JOB_ID = re.compile(r"JobID ([0-9a-f]{32})")


def submit(settings: Settings, module: str = PREDICT, *, savepoint: str | None = None) -> str:
    """Start a job, from a savepoint or checkpoint if one is named, and return its id.

    Raises UserError with what the client said where the cluster refuses it or is not there.
    """
    archive = settings.local_dir / "flink" / "zielzeit-job.zip"
    before = _contents(archive)
    pack(archive)
    if before not in (set(), _contents(archive)) and settings.flink_execution_mode == "thread":
        log.warning(
            "the code has changed: TaskManagers that ran the job in thread mode keep the old modules until they restart"
        )
    args = ["--detached", "--pyModule", module, "--pyFiles", str(archive)]
    if savepoint is not None:
        args[:0] = ["--fromSavepoint", savepoint]
    done = flink_run(settings, args, settings.as_environment())
    job_id = _JOB_ID.search(done.stdout)
    if done.returncode != 0 or job_id is None:
        raise UserError(
            f"the cluster at {settings.flink_rest} did not take the job: {_essence(done.stdout + done.stderr)}"
        )
    submitted = _submitted(settings, module) / job_id.group(1)
    submitted.parent.mkdir(parents=True, exist_ok=True)
    submitted.touch()
    return submitted.name


def pack(archive: Path) -> Path:
    """The code that the job needs on the cluster, and nothing else, as a zip archive."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(".part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as bundle:
        for folder, file in _code():
            bundle.write(file, file.relative_to(folder.parent))
    return partial.rename(archive)


def latest_checkpoint(settings: Settings, module: str = PREDICT) -> str:
    """The newest completed checkpoint of a job on the local stack. Raises UserError where there is none."""
    folder, jobs = settings.local_dir / "flink" / "checkpoints", _submitted(settings, module)
    done = [metadata.parent for job in jobs.glob("*") for metadata in folder.glob(f"{job.name}/chk-*/_metadata")]
    if not done:
        raise UserError(f"no completed checkpoint in {folder}: submit without --resume to begin anew")
    return max(done, key=lambda checkpoint: checkpoint.stat().st_mtime).as_uri()


def _submitted(settings: Settings, module: str) -> Path:
    """A folder of empty files named by the ids of a job's submissions: checkpoints bear ids, not names."""
    return settings.local_dir / "flink" / "submitted" / f"{settings.topic_prefix}{module}"


def _contents(archive: Path) -> set[tuple[str, int]]:
    """Names and checksums of an archive's files; empty where there is none."""
    if not archive.is_file():
        return set()
    with zipfile.ZipFile(archive) as bundle:
        return {(member.filename, member.CRC) for member in bundle.infolist()}


def _code() -> Iterator[tuple[Path, Path]]:
    """Each package's folder and each of its files, in order."""
    for name in _CODE:
        folder = ROOT / name
        yield from ((folder, file) for file in sorted(folder.rglob("*.py")))


def _essence(output: str) -> str:
    """The lines of a client's output that say what went wrong: the last cause, or the end of it."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith(("Caused by:", "java.", "org.apache.")) or "Error:" in line]
    return " | ".join((causes or lines)[-3:])
