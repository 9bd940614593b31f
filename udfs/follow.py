"""Per bucket of trains: decisions in, messages about their runs out.

An adapter of ``zielzeit.runs.run_process`` to Flink.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from udfs import interpreter
from udfs.flink_metrics import FlinkMetrics
from udfs.keyed_state import StructMapping, map_state
from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.early import decode_early
from zielzeit.runs.buckets import bucket_of
from zielzeit.runs.group_keys import group_keys
from zielzeit.runs.messages import encode
from zielzeit.runs.run_process import RunProcess
from zielzeit.runs.train_state import TrainState
from zielzeit.stations.table import register

NETWORK = ""
"""The one key of all messages: they concern the whole network."""


class Follow(KeyedProcessFunction):  # type: ignore[misc]  # PyFlink is untyped
    """Takes decisions under the keys of their trains' buckets; emits what ``zielzeit.runs.messages.decode`` returns.

    Both are ``KEYED``.

    Parameters: ``stations`` is the user's file of stations (``Settings.stations``), or empty.
    """

    def __init__(self, stations: str) -> None:
        self._stations = stations

    def open(self, runtime_context: RuntimeContext) -> None:
        """Declare the state, which each bucket's process is bound to when it first has something to do."""
        interpreter.take_turns()
        self._metrics = FlinkMetrics(runtime_context, "follow")
        self._trains = map_state(runtime_context, "trains", Types.STRING())
        self._waiting = map_state(runtime_context, "decisions", Types.LONG())
        self._key = group_keys(register(self._stations))
        self._processes: dict[str, RunProcess] = {}

    def close(self) -> None:
        """Tell the last counts."""
        self._metrics.close()

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        """A decision, which waits for its turn; a departure that is told early does not."""
        train, at, decision = value
        process = self._of(bucket_of(train))
        early = decode_early(decision)
        if early is not None:
            return iter([Row(NETWORK, (train, at, encode(process.on_early(train, early))))])
        timer = process.on_decision(train, at, decision)
        if timer is not None:
            ctx.timer_service().register_event_time_timer(timer)
        return iter(())

    def on_timer(self, timestamp: Milliseconds, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        """It is the turn of all that the watermark has passed. A timer of the clock fires for counts alone."""
        bucket, timers = ctx.get_current_key(), ctx.timer_service()
        step = self._of(bucket).on_time(timers.current_watermark())
        self._metrics.publish(timers)
        if step.register is not None:
            timers.register_event_time_timer(step.register)
        if step.messages:
            yield Row(NETWORK, (bucket, step.messages[-1].at, encode(step.messages)))

    def _of(self, bucket: str) -> RunProcess:
        process = self._processes.get(bucket)
        if process is None:
            process = self._processes[bucket] = RunProcess(
                StructMapping(self._trains, TrainState), self._waiting, self._key, self._metrics.recorder
            )
        return process
