"""The demo's job: started anew, seen through a loss of the JobManager, ended without a trace."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress

from deploy.cluster import jobs
from deploy.cluster.submit import latest_checkpoint, submit
from zielzeit.errors import UserError
from zielzeit.progress import Step
from zielzeit.settings import Settings

_START_SECONDS = 180.0
_POLL_SECONDS = 0.3


class Job:
    """One job, whatever its id becomes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._checkpoints = settings.local_dir / "flink" / "checkpoints"
        self._ids: list[str] = []

    def start(self, step: Step) -> None:
        """Submit the job and wait until each of its tasks runs.

        Raises UserError where the cluster has no room for it, refuses it, or it ends or does not come up in time.
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
        """How the job does (``jobs.state``). One that its cluster lost is submitted again from its last checkpoint.

        Raises UserError where it has ended.
        """
        word = jobs.state(self._settings, self._ids[-1])
        if jobs.has_ended(word):
            raise self._error(word)
        if word == jobs.LOST:
            with suppress(UserError):  # the cluster is on its way back: the next look tries again
                self._ids.append(submit(self._settings, savepoint=latest_checkpoint(self._settings)))
        return word

    def trouble(self) -> str:
        """What made the job fail last, in a line; empty where nothing did."""
        return jobs.failure(self._settings, self._ids[-1])

    @property
    def url(self) -> str:
        """Its page in the dashboard."""
        return f"{self._settings.flink_rest}/#/job/running/{self._ids[-1]}"

    def end(self) -> None:
        """Cancel every job of the demo's name, also an earlier demo's, and remove its own checkpoints.

        They are of a simulated clock: nobody may resume from them. Does nothing where no cluster answers.
        """
        with suppress(UserError):
            for job in jobs.named(self._settings, self._settings.job_name):
                jobs.cancel(self._settings, job)
        for job in self._ids:
            shutil.rmtree(self._checkpoints / job, ignore_errors=True)

    def _error(self, word: str) -> UserError:
        cause = self.trouble()
        return UserError(
            f"the job is {word}{f': {cause}' if cause else ''}; `./zielzeit stack logs taskmanager-1` may say more"
        )
