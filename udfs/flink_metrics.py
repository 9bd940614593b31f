"""Tells Flink what an operator counted.

Counters alone: in thread mode a gauge written in Python is called by the thread that answers a scrape, which crashes
the TaskManager. A latest value is a counter that is moved to it, and means and ages are left to Prometheus.
"""

from __future__ import annotations

from pyflink.datastream import RuntimeContext
from pyflink.metrics import Counter

from zielzeit.metrics.job import of_operator
from zielzeit.metrics.recorder import Count, Recorder

_GROUP = "zielzeit"


class FlinkMetrics:
    """The metrics of one operator, by its name in ``zielzeit.metrics.job``."""

    def __init__(self, context: RuntimeContext, operator: str) -> None:
        self.recorder = Recorder(of_operator(operator))
        self._group = context.get_metrics_group().add_group(_GROUP)
        self._counters: dict[Count, Counter] = {}
        self.publish()

    def publish(self) -> None:
        """Tell Flink the changes since the last call; to be called by the operator's own thread."""
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
