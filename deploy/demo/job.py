"""The demo's job: submitted, resubmitted after a loss of the JobManager, cancelled with its checkpoints at the end."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress

from deploy.cluster import jobs, submissions
from deploy.cluster.submit import latest_checkpoint, submit
from zielzeit.errors import UserError
from zielzeit.progress import Step
from zielzeit.settings import Settings

_START_SECONDS = 180.0
_POLL_SECONDS = 0.3


class DemoJob:
    """One job, which may get a new id."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._checkpoints = settings.local_dir / "flink" / "checkpoints"
        self._ids: list[str] = []

    def start(self, step: Step) -> None:
        """Submit the job and wait until each of its tasks runs.

        Raises UserError if the cluster has no slots or refuses the job, or the job ends or does not start in time.
        """
        jobs.await_slots(self._settings)
        step.say("submitting")
        self._ids.append(submit(self._settings))
        deadline = time.monotonic() + _START_SECONDS
        while (word := self.look()) != "RUNNING":
            step.say(word.lower())
            if time.monotonic() > deadline:
                raise self._error(word)
            time.sleep(_POLL_SECONDS)

    def look(self) -> str:
        """State of the job (``jobs.state``). If the cluster lost the job, submit it again from its last checkpoint.

        Raises UserError if the job has ended.
        """
        word = jobs.state(self._settings, self._ids[-1])
        if jobs.has_ended(word):
            raise self._error(word)
        if word == jobs.LOST:
            with suppress(UserError):  # the cluster is on its way back: the next look tries again
                self._ids.append(submit(self._settings, savepoint=latest_checkpoint(self._settings)))
        return word

    def trouble(self) -> str:
        """Cause of the job's last failure, one line; empty if it has not failed."""
        return jobs.failure(self._settings, self._ids[-1])

    @property
    def url(self) -> str:
        """The job's page in the dashboard."""
        return f"{self._settings.flink_rest}/#/job/running/{self._ids[-1]}"

    def end(self) -> None:
        """Cancel every job of the demo's name, also an earlier demo's, and remove its own checkpoints.

        Their clock is simulated: no other job may resume from them. Does nothing if no cluster answers.
        """
        with suppress(UserError):
            for job in jobs.named(self._settings, self._settings.job_name):
                jobs.cancel(self._settings, job)
                submissions.note_end(self._settings, job)
        for job in self._ids:
            shutil.rmtree(self._checkpoints / job, ignore_errors=True)

    def _error(self, word: str) -> UserError:
        cause = self.trouble()
        return UserError(f"the job is {word}{f': {cause}' if cause else ''}; see `./zielzeit stack logs taskmanager-1`")
