"""Per train: decisions in, messages about its runs out. An adapter of ``zielzeit.runs.run_process`` to Flink."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from pyflink.common import Row
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from udfs import interpreter
from udfs.flink_metrics import FlinkMetrics
from udfs.keyed_state import FewEntries, LiveKeys, LiveNote, LiveStruct
from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.early import decode_early
from zielzeit.runs.group_keys import group_keys
from zielzeit.runs.run_process import RunProcess
from zielzeit.runs.train_state import NOT_DUE, TrainState
from zielzeit.stations.table import register

NETWORK = ""
"""The one key of all messages: they concern the whole network."""

_encode = msgspec.msgpack.Encoder().encode


class Follow(KeyedProcessFunction):  # type: ignore[misc]  # PyFlink is untyped
    """Takes decisions and emits ``zielzeit.runs.messages.Message``, both as ``KEYED``.

    Parameters: ``stations`` is the user's file of stations (``Settings.stations``), or empty.
    """

    def __init__(self, stations: str) -> None:
        self._stations = stations

    def open(self, runtime_context: RuntimeContext) -> None:
        """Bind the process to the state of the current key."""
        interpreter.take_turns()
        self._metrics = FlinkMetrics(runtime_context, "follow")
        self._live = LiveKeys(runtime_context)
        self._process = RunProcess(
            train=LiveStruct(self._live, "train", TrainState),
            waiting=FewEntries(self._live, "decisions"),
            key=group_keys(register(self._stations)),
            recorder=self._metrics.recorder,
            timer=LiveNote(self._live, "timer", NOT_DUE),
        )

    def close(self) -> None:
        """Tell the last counts."""
        self._metrics.close()

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        """A decision, which waits for its turn; a departure that is told early does not."""
        key, at, decision = value
        self._live.enter(key)
        early = decode_early(decision)
        if early is not None:
            yield Row(NETWORK, (key, at, _encode(self._process.on_early(early))))
            return
        timer = self._process.on_decision(at, decision)
        if timer is not None:
            ctx.timer_service().register_event_time_timer(timer)

    def on_timer(self, timestamp: Milliseconds, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        """It is the turn of decisions, or an ending falls due."""
        key = ctx.get_current_key()
        self._live.enter(key)
        step = self._process.on_time(timestamp)
        self._metrics.publish()
        if step.register is not None:
            ctx.timer_service().register_event_time_timer(step.register)
        for message in step.messages:
            yield Row(NETWORK, (key, timestamp, _encode(message)))
