"""Once for the whole network: messages in, predictions out. An adapter of ``zielzeit.model.scoring_process`` to Flink.

Not parallel on purpose: a departure is described by what happened anywhere in the network. One process describes and
scores some thousand departures a second, hundreds of times as many as Germany has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, OutputTag, RuntimeContext

from udfs.flink_metrics import FlinkMetrics
from udfs.keyed_state import KEYED, LiveKeys, LiveMapping, StructState, map_state
from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.station import END_OF_INPUT
from zielzeit.events import topic_record
from zielzeit.features.key_names import station_keys
from zielzeit.model.champion import Champion
from zielzeit.model.early_buffer import HOLD, EarlyBuffer
from zielzeit.model.predict_early import PendingEarly
from zielzeit.model.registry_address import Registry
from zielzeit.model.scoring_process import ScoringProcess, Snapshot
from zielzeit.runs.messages import decode_early
from zielzeit.stations.table import register

SCORED = OutputTag("scored", KEYED)
"""``PendingPrediction``, ``PendingEarly`` and ``Ending``, for the labels."""

_encode = msgspec.msgpack.Encoder().encode


class Score(KeyedProcessFunction):  # type: ignore[misc]  # PyFlink is untyped
    """Takes messages of all runs (``zielzeit.runs.messages``) under one key; emits ``RECORD`` rows of predictions.

    Those of departures that are told early do not wait for their turn, but a moment for each other.

    Parameters: ``stations`` is the user's file of stations (``Settings.stations``), or empty.
    """

    def __init__(self, registry: Registry, stations: str) -> None:
        self._registry = registry
        self._stations = stations

    def open(self, runtime_context: RuntimeContext) -> None:
        """Load the model and bind the process to the state."""
        self._metrics = FlinkMetrics(runtime_context, "score")
        self._champion = Champion(self._registry, self._metrics.recorder)
        live = LiveKeys(runtime_context)  # there is one key
        self._process = ScoringProcess(
            waiting=LiveMapping(live, "waiting", Types.LONG()),
            snapshot=StructState(runtime_context, "network", Snapshot),
            log=map_state(runtime_context, "observed", Types.LONG()),
            models=self._champion,
            station_key=station_keys(register(self._stations)),
            recorder=self._metrics.recorder,
        )
        self._held = EarlyBuffer(LiveMapping(live, "early", Types.LONG()))

    def close(self) -> None:
        """Stop asking the registry for newer models."""
        self._champion.close()
        self._metrics.close()

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        """A message from a run, which waits for its turn; a departure that is told early waits a moment for others."""
        key, at, message = value
        timers = ctx.timer_service()
        early = decode_early(message)
        if early is not None:
            if self._held.add(key, at, early):
                timers.register_processing_time_timer(timers.current_processing_time() + HOLD)
                timers.register_event_time_timer(END_OF_INPUT)  # a bounded job does not wait for the clock
            return iter(())
        self._metrics.publish()
        timer = self._process.on_message(at, key, message)
        if timer is not None:
            timers.register_event_time_timer(timer)
        return iter(())

    def on_timer(self, timestamp: Milliseconds, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        """All messages up to the watermark have arrived, or early ones were held for long enough."""
        held, timers = self._held.take(), ctx.timer_service()
        early = self._process.on_early([one.message for one in held])
        for (key, at, _), told in zip(held, early, strict=True):
            yield Row(*topic_record.of_early_prediction(told))
            yield SCORED, Row(key, (key, at, _encode(PendingEarly(told))))
        step = self._process.on_time(timers.current_watermark())
        if step.register is not None:
            timers.register_event_time_timer(step.register)
        self._metrics.publish()
        for key, at, scored in step.scored:
            yield Row(*topic_record.of_prediction(scored.prediction))
            yield SCORED, Row(key, (key, at, _encode(scored)))
        for key, at, ending in step.endings:
            yield SCORED, Row(key, (key, at, _encode(ending)))
