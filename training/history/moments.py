"""When the stream would have known what an archive tells: archives say what happened, not when it was known."""

from __future__ import annotations

from typing import Self

import msgspec

from zielzeit.berlin_time import MINUTE
from zielzeit.runs.tracker import LABEL_WAIT
from zielzeit.settings import Settings


class Moments(msgspec.Struct, frozen=True, kw_only=True):
    """Minutes from what happened at a stop to the moment at which the stream knows of it."""

    decision: float
    """From a departure, an arrival, or the planned time of a cancelled stop, to its decision."""
    label: float
    """From the decision about the run's end to the label."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the moments of a stream with these settings.

        A train is decided by the first board that is polled ``settle`` minutes after it left: on average half a poll
        interval later. The decision is known when ``grace`` has passed as well.
        """
        next_board = settings.poll_interval_seconds / 60 / 2
        return cls(decision=settings.settle + next_board + settings.grace, label=LABEL_WAIT / MINUTE)
