"""Once for the whole network: messages of runs in, departures with their features out.

An adapter of ``zielzeit.model.describing_process`` to Flink. Not parallel on purpose: a departure is described by what
happened anywhere in the network. One process describes some thousand departures a second, hundreds of times as many as
Germany has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from udfs import interpreter
from udfs.flink_metrics import FlinkMetrics
from udfs.keyed_state import StructState, map_state
from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.station import END_OF_INPUT
from zielzeit.features.key_names import station_keys
from zielzeit.model.champion import first_network
from zielzeit.model.described import OfRun, by_bucket, encode_batch
from zielzeit.model.describing_process import DescribingProcess, Snapshot
from zielzeit.model.early_buffer import EarlyBuffer, hold
from zielzeit.model.registry_address import Registry
from zielzeit.runs.messages import EarlyMessage, decode
from zielzeit.stations.table import register


class Describe(KeyedProcessFunction):  # type: ignore[misc]  # PyFlink is untyped
    """Takes messages of all runs (``zielzeit.runs.messages.decode``) under one key; emits batches of
    ``zielzeit.model.described`` under the keys of their buckets, all as ``KEYED``.

    Departures that are told early do not wait for their turn, but a moment for each other.

    Parameters: ``stations`` is the user's file of stations (``Settings.stations``), or empty.
    """

    def __init__(self, registry: Registry, stations: str) -> None:
        self._registry = registry
        self._stations = stations

    def open(self, runtime_context: RuntimeContext) -> None:
        """Bind the process to the state."""
        interpreter.take_turns()
        self._metrics = FlinkMetrics(runtime_context, "describe")
        self._process = DescribingProcess(
            waiting=map_state(runtime_context, "waiting", Types.LONG()),
            snapshot=StructState(runtime_context, "network", Snapshot),
            log=map_state(runtime_context, "observed", Types.LONG()),
            first_network=self._first_network,
            station_key=station_keys(register(self._stations)),
            recorder=self._metrics.recorder,
        )
        self._held = EarlyBuffer(map_state(runtime_context, "early", Types.LONG()))

    def close(self) -> None:
        """Tell the last counts."""
        self._metrics.close()

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        """Messages of runs, which wait for their turn; a departure that is told early waits a moment for others."""
        train, at, element = value
        timers = ctx.timer_service()
        said = decode(element)
        if isinstance(said, EarlyMessage):
            if self._held.add(train, at, said):
                clock = timers.current_processing_time()
                timers.register_processing_time_timer(clock + hold(at, clock))
                timers.register_event_time_timer(END_OF_INPUT)  # a bounded job does not wait for the clock
            return iter(())
        self._metrics.publish(timers)
        timer = self._process.on_messages(said)
        if timer is not None:
            timers.register_event_time_timer(timer)
        return iter(())

    def on_timer(self, timestamp: Milliseconds, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        """All messages up to the watermark have arrived, or early ones were held for long enough."""
        early, timers = self._process.on_early(self._held.take()), ctx.timer_service()
        step = self._process.on_time(timers.current_watermark())
        if step.register is not None:
            timers.register_event_time_timer(step.register)
        self._metrics.publish(timers)
        return _batches([*early, *step.told])

    def _first_network(self) -> Path | None:
        return first_network(self._registry)


def _batches(told: Iterable[OfRun]) -> Iterator[Row]:
    for bucket, batch in by_bucket(told).items():
        newest = max(at for at, _ in batch)
        yield Row(bucket, (bucket, newest, encode_batch(batch)))
