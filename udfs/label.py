"""Per train: predictions and endings in, outcomes and examples out; outcomes of early predictions, too.

An adapter of ``zielzeit.model.label_process``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from udfs.flink_metrics import FlinkMetrics
from udfs.keyed_state import FewEntries, LiveKeys, map_state
from zielzeit.berlin_time import Milliseconds
from zielzeit.events import topic_record
from zielzeit.metrics.job import MISSING_PREDICTIONS
from zielzeit.model.label_process import LabelProcess
from zielzeit.model.outcome_metrics import count, count_early


class Label(KeyedProcessFunction):  # type: ignore[misc]  # PyFlink is untyped
    """Takes what ``Score`` emits to ``SCORED``; emits ``RECORD`` rows of outcomes and examples."""

    def open(self, runtime_context: RuntimeContext) -> None:
        """Bind the process to the state of the current key."""
        self._metrics = FlinkMetrics(runtime_context, "label")
        self._live = LiveKeys(runtime_context)
        self._process = LabelProcess(
            pending=map_state(runtime_context, "pending", Types.STRING()),  # large, and each read once
            endings=FewEntries(self._live, "waiting"),
            early=map_state(runtime_context, "early", Types.STRING()),
        )

    def close(self) -> None:
        """Tell the last counts."""
        self._metrics.close()

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        """A prediction, early or not, which is kept, or an ending, which waits for its turn."""
        key, at, message = value
        self._live.enter(key)
        timer = self._process.on_message(at, message)
        if timer is not None:
            ctx.timer_service().register_event_time_timer(timer)
        return iter(())

    def on_timer(self, timestamp: Milliseconds, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        """It is the turn of endings, or early predictions without one are forgotten."""
        self._live.enter(ctx.get_current_key())
        step = self._process.on_time(timestamp)
        for outcome, _ in step.labelled:
            count(outcome, self._metrics.recorder)
        for early in step.early:
            count_early(early, self._metrics.recorder)
        self._metrics.recorder.add(MISSING_PREDICTIONS, by=step.missing)
        self._metrics.publish()
        for outcome, example in step.labelled:
            yield Row(*topic_record.of_outcome(outcome))
            yield Row(*topic_record.of_example(example))
        for early in step.early:
            yield Row(*topic_record.of_early_outcome(early))
