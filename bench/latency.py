"""How long after a decision is possible it can be read: at Germany's load, by checkpoint interval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from bench.cluster import memory_gib
from bench.inputs import Boards
from bench.live import Seen, follow, running, split
from bench.measurement import Measurement, summary
from deploy.local.stack import Stack
from zielzeit import topics
from zielzeit.errors import UserError
from zielzeit.progress import Progress

_PARTS = 5
"""Parts of the time that was measured: each gives a value of every quantile."""
_QUANTILES = (50, 95, 99)


def measure(
    stack: Stack, boards: Boards, live: timedelta, intervals: Sequence[float], progress: Progress
) -> list[Measurement]:
    """Seconds to the visibility of decisions and predictions, and the memory of the whole stack meanwhile."""
    before, after = split(boards, live)
    load = f"{boards.stations:,} stations, {len(after) / live.total_seconds():.1f} boards/s for {live}"
    found = []
    for interval in intervals:
        with running(stack, before, progress, checkpoint_interval_seconds=interval) as job:
            seen = follow(job, after, progress)
            memory = memory_gib(stack)
        system = f"checkpoint every {interval:g} s"
        for topic in (topics.DEPARTURES, topics.PREDICTIONS):
            chosen = sorted((one for one in seen if one.topic == topic), key=lambda one: one.decided_at)
            if not chosen:
                raise UserError(f"no record of {topic} became visible: the time that was measured is too short")
            note = f"{load}, {len(chosen):,} {topic}"
            found += [
                summary(f"latency: {topic}, p{quantile}", system, "s", values, guarantee="exactly once", note=note)
                for quantile, values in _quantiles(chosen).items()
            ]
        found.append(summary("memory of the whole stack", system, "GiB", [memory], note=load))
    return found


def _quantiles(seen: Sequence[Seen]) -> dict[int, list[float]]:
    """Each quantile in equal parts of the records, in order of time."""
    parts = np.array_split(np.array([one.seconds for one in seen]), min(_PARTS, len(seen)))
    return {quantile: [float(np.percentile(part, quantile)) for part in parts] for quantile in _QUANTILES}
