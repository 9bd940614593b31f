"""Tells Flink what an operator counted.

Counters alone: in thread mode a gauge written in Python is called by the thread that answers a scrape, which crashes
the TaskManager. A latest value is a counter that is moved to it, and means and ages are left to Prometheus.

In process mode Beam carries the counts to Java, and keeps only those that are made while an element is processed: what
an operator with side outputs counts on a timer is lost. There it waits for the next element.
"""

from __future__ import annotations

import math
import time
from typing import Final

from pyflink.datastream import RuntimeContext, TimerService
from pyflink.metrics import Counter

from zielzeit.metrics.job import of_operator
from zielzeit.metrics.recorder import Count, Recorder

_GROUP: Final = "zielzeit"
_PAUSE: Final = 0.2
"""Seconds: a call of Java for each count of each element would cost more than what is counted."""
_OF_BEAM: Final = "pyflink.fn_execution.metrics.process.metric_impl"
"""Module of the groups in process mode. By name, because importing it loads Beam and pandas in thread mode, too."""


class FlinkMetrics:
    """The metrics of one operator, by its name in ``zielzeit.metrics.job``."""

    def __init__(self, context: RuntimeContext, operator: str) -> None:
        self.recorder = Recorder(of_operator(operator))
        self._group = context.get_metrics_group().add_group(_GROUP)
        self._by_beam = type(self._group).__module__ == _OF_BEAM
        self._counters: dict[Count, Counter] = {}
        self._published = -math.inf
        self._has_timer = False
        """True if a timer of the clock surely fires after the last change."""
        self.publish()

    def publish(self, timers: TimerService | None = None) -> None:
        """Tell Flink the changes since the last time; to be called by the operator's own thread.

        With the timers of the current key some times a second at most, the last changes on a timer of the clock: the
        operator then calls this once more. For an operator that counts with each of thousands of elements a second.
        To be called for elements as well as on timers: in process mode the latter may have to wait.
        """
        if timers is None or time.monotonic() - self._published >= _PAUSE:
            self.close()
        elif not self._has_timer:
            self._has_timer = True
            # Surely after the pause, which another clock measures: one that fired too early would be the last one.
            timers.register_processing_time_timer(timers.current_processing_time() + round(2 * _PAUSE * 1000))

    def close(self) -> None:
        """Tell Flink all changes."""
        if self._by_beam and not _is_heard_by_beam():
            return
        self._has_timer = False
        self._published = time.monotonic()
        for count, change in self.recorder.take().items():
            counter = self._counters.get(count)
            if counter is None:
                counter = self._counters[count] = self._register(count)
            if change:
                counter.inc(change)

    def _register(self, count: Count) -> Counter:
        group = self._group
        for label, value in count.labels:
            group = group.add_group(label, value)
        return group.counter(count.name)


def _is_heard_by_beam() -> bool:
    """Return True while Beam takes counts, which is while an element is processed."""
    from apache_beam.metrics.execution import MetricsEnvironment  # noqa: PLC0415 - slow, and only for process mode

    return MetricsEnvironment.current_container() is not None  # type: ignore[no-untyped-call]
