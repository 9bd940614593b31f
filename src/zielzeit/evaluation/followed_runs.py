"""Runs followed from what is decided and told, in memory: the job's processes, driven as the job drives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from zielzeit import berlin_time
from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.decider import Output
from zielzeit.decision.early import EarlyDeparture
from zielzeit.decision.planned_stop import PlannedStop, encode
from zielzeit.event_time_timers import EventTimeTimers
from zielzeit.events.structs import Decision
from zielzeit.events.topic_record import run_key
from zielzeit.runs.group_keys import GroupKey
from zielzeit.runs.messages import EarlyMessage, RunMessage
from zielzeit.runs.run_process import RunProcess

END: Final = Milliseconds(2**62)
"""After all that happens."""


class FollowedRuns:
    """The runs of all trains."""

    def __init__(self, key: GroupKey) -> None:
        self._process = RunProcess({}, {}, key)
        self._timers = EventTimeTimers()

    def decided(self, output: Output) -> None:
        """Take what was decided, which waits for its turn; what says nothing of a run is left out."""
        if isinstance(output, PlannedStop) or (isinstance(output, Decision) and output.kind != "late"):
            train = run_key(output.category, output.number)
            self._register(
                self._process.on_decision(train, berlin_time.milliseconds(output.decided_at), encode(output))
            )

    def told(self, early: EarlyDeparture) -> EarlyMessage:
        """Return at once what is known of a departure that is told early."""
        return self._process.on_early(run_key(early.shown.category, early.shown.number), early)

    def pass_time(self, to: Milliseconds = END) -> Iterator[RunMessage]:
        """Yield what is said of runs up to an instant, in order of time."""
        for _ in self._timers.fire(to):
            step = self._process.on_time(to)
            self._register(step.register)
            yield from step.messages

    def _register(self, timer: Milliseconds | None) -> None:
        if timer is not None:
            self._timers.register("", timer)
