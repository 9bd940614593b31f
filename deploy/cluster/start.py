"""Start a job: where it goes on from, room for it, its topics, its submission."""

from __future__ import annotations

from deploy.cluster import jobs, next_command, submissions
from deploy.cluster.job_description import JobDescription
from deploy.cluster.submit import latest_checkpoint, submit
from deploy.local.addresses import is_local
from deploy.local.stack import Stack
from zielzeit import topics
from zielzeit.errors import UserError
from zielzeit.kafka.admin import ensure_topics
from zielzeit.progress import SILENT, Progress
from zielzeit.settings import Settings


def start(job: JobDescription, settings: Settings, *, resume: str | None = None, progress: Progress = SILENT) -> str:
    """Start a job and return its id; ``settings`` are the environment's.

    ``resume`` names a savepoint or checkpoint to go on from, or is ``next_command.LATEST``. Raises UserError where the
    job is on the cluster already, there is no such checkpoint or the job cannot read it, the cluster has no room, or
    cluster or broker do not answer.
    """
    own = job.settings(settings)
    with submissions.alone(own, job), progress.step(f"submitting {job.title}"):
        if running := jobs.named(own, job.name(own)):
            raise _doubled(job, own, running[0])
        savepoint = latest_checkpoint(own, job) if resume == next_command.LATEST else resume
        if savepoint is not None:
            _refuse_unreadable(own, job, savepoint)
        if job.part is not None:
            _make_room(own, job.part)
        ensure_topics(own, topics.ALL)
        submitted = submit(own, job, savepoint=savepoint)
        running = jobs.named(own, job.name(own))
        if running and running[0] != submitted:  # somebody submitted it from another machine meanwhile
            jobs.cancel(own, submitted)
            submissions.note_end(own, submitted)
            raise _doubled(job, own, running[0])
        return submitted


def _refuse_unreadable(settings: Settings, job: JobDescription, snapshot: str) -> None:
    """Raise UserError if the job cannot read this checkpoint or savepoint: it would fail, and be restarted for ever.

    Checkpoints are read by the state backend that wrote them, savepoints by all. A job that began with the lake's
    boards has the state of their source, which no other job can take.
    """
    wrote = submissions.that_wrote(settings, snapshot)
    if wrote is None:
        return
    if wrote.state_format != job.state_format:
        age = "an older" if wrote.state_format < job.state_format else "a newer"
        raise UserError(
            f"{snapshot} is of {age} version, which stores state in another form: submit {job.title} without "
            "--resume. It then begins at the offsets of its consumer group; with --start-from archive, with the lake"
        )
    if wrote.from_archive != (settings.start_from == "archive"):
        began = "began" if wrote.from_archive else "did not begin"
        raise UserError(
            f"{snapshot} is of a job that {began} with the lake's boards: go on from it with "
            f"`{next_command.resume(job, settings, snapshot)}`"
        )
    backend = wrote.state_backend or "hashmap"
    if submissions.is_checkpoint(snapshot) and backend != settings.state_backend:
        raise UserError(
            f"the checkpoint {snapshot} was written with ZIELZEIT_STATE_BACKEND={backend}; "
            f"{settings.state_backend} cannot read it. Start {job.title} with that setting, stop it with "
            f"`{next_command.stop(job, settings)}`, and go on from the savepoint with either"
        )


def _doubled(job: JobDescription, settings: Settings, running: str) -> UserError:
    """The refusal of a job that runs already: both would write to the same topics or files.

    Only this cluster is asked. Flink's readers are no members of their consumer group, so that the broker cannot tell
    whether a job on another cluster reads for the same group.
    """
    return UserError(
        f"{job.title} {job.name(settings)} is on the cluster at {settings.flink_rest} already "
        f"({jobs.state(settings, running).lower()}, id {running}), and a second one would double every "
        f"{job.output}: stop it first with `{next_command.stop(job, settings)}`"
    )


def _make_room(settings: Settings, part: str) -> None:
    """Start this part of the local stack where the cluster is the stack's and lacks slots; wait for the slots."""
    stack = Stack(settings)
    if jobs.free_slots(settings) < settings.parallelism and is_local(settings) and stack.has("flink"):
        stack.up({part})
    jobs.await_slots(settings)
