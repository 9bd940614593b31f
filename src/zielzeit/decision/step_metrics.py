"""Counts what a step of a station's decision leads to."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Final

from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.decider import RejectedBoard
from zielzeit.decision.station import StationStep
from zielzeit.events.structs import Decision
from zielzeit.metrics import job
from zielzeit.metrics.recorder import Recorder

_SECOND: Final = 1000


def count(step: StationStep, recorder: Recorder, now: Milliseconds) -> None:
    """Count a step's decisions and dead letters; ``now`` is the machine's time."""
    decided = [output for output in step.outputs if isinstance(output, Decision)]
    for output in step.outputs:
        if isinstance(output, RejectedBoard):
            recorder.add(job.DEAD_LETTERS, output.cause)
    if not decided:  # as after most boards
        return
    for (kind, rule), number in Counter((one.kind, one.rule or job.NO_RULE) for one in decided).items():
        recorder.add(job.DECISIONS, kind, rule, by=number)
    if unknown := sum(not (one.station_eva and one.destination_eva) for one in decided):
        recorder.add(job.UNKNOWN_STATIONS, by=unknown)
    recorder.observe(job.DECISION_LAG, max(0, now - step.at) / _SECOND, times=len(decided))
    for one in decided:
        if one.kind == "departed":
            left = one.scheduled + timedelta(minutes=one.delay or 0)
            recorder.observe(job.DEPARTURE_WAIT, max(0.0, (one.decided_at - left).total_seconds()))
