"""Per bucket of runs: described departures and endings in, predictions, outcomes and examples out.

An adapter of ``zielzeit.model.scoring_process`` to Flink.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from udfs import interpreter, records
from udfs.flink_metrics import FlinkMetrics
from udfs.keyed_state import map_state
from zielzeit.berlin_time import Milliseconds
from zielzeit.events import topic_record
from zielzeit.model.champion import Champion
from zielzeit.model.described import decode_batch
from zielzeit.model.label_process import LabelProcess, is_sweep
from zielzeit.model.registry_address import Registry
from zielzeit.model.scoring_process import ScoringProcess


class Score(KeyedProcessFunction):  # type: ignore[misc]  # PyFlink is untyped
    """Takes what ``Describe`` emits; emits ``flink_jobs.event_sink.RECORDS`` rows of predictions, and what
    became of them."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def open(self, runtime_context: RuntimeContext) -> None:
        """Load the model and bind the process to the state of the current key."""
        interpreter.take_turns()
        self._metrics = FlinkMetrics(runtime_context, "score")
        self._champion = Champion(self._registry, self._metrics.recorder)
        self._labels = LabelProcess(
            pending=map_state(runtime_context, "pending", Types.STRING()),  # large, and each read once
            early=map_state(runtime_context, "early", Types.STRING()),
        )
        self._process = ScoringProcess(self._champion, self._labels, self._metrics.recorder)

    def close(self) -> None:
        """Stop asking the registry for newer models, and tell the last counts."""
        self._champion.close()
        self._metrics.close()

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        """What runs of the bucket are told."""
        _, _, batch = value
        step, timers = self._process.on_batch(decode_batch(batch)), ctx.timer_service()
        if step.register is not None:
            timers.register_event_time_timer(step.register)
        self._metrics.publish(timers)
        return records.batch([topic_record.of_scored(event) for event in step.events()])

    def on_timer(self, timestamp: Milliseconds, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        """Early predictions without an ending are forgotten. A timer of the clock fires for counts alone."""
        if is_sweep(timestamp):  # which looks through all of them
            self._labels.forget_early(timestamp)
        self._metrics.publish(ctx.timer_service())
        return iter(())
