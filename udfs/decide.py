"""Per station: boards in, decisions out. An adapter of ``zielzeit.decision.station.StationProcess`` to Flink."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import msgspec
from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, OutputTag, RuntimeContext, TimerService

from udfs.flink_metrics import FlinkMetrics
from udfs.keyed_state import KEYED, StructState, map_state
from zielzeit import berlin_time
from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.dead_letter import dead_letter
from zielzeit.decision.decider import Decider, RejectedBoard
from zielzeit.decision.planned_stop import PlannedStop, encode
from zielzeit.decision.state import StationState
from zielzeit.decision.station import ReceivedBoard, StationProcess, StationStep
from zielzeit.decision.step_metrics import count
from zielzeit.events import topic_record
from zielzeit.events.structs import Decision
from zielzeit.stations.board_key import board_keys
from zielzeit.stations.table import register

log = logging.getLogger(__name__)

DECIDED = OutputTag("decided", KEYED)
"""Decisions, without ``late`` ones, and planned stops."""


class Decide(KeyedProcessFunction):  # type: ignore[misc]  # PyFlink is untyped
    """Emits ``flink_jobs.event_sink.RECORD`` rows of the topics, and to ``DECIDED`` what ``follow`` needs."""

    def __init__(self, decider: Decider, topic: str) -> None:
        self._decider = decider
        self._topic = topic

    def open(self, runtime_context: RuntimeContext) -> None:
        """Bind the process to the state of the current key."""
        self._metrics = FlinkMetrics(runtime_context, "decide")
        self._key = board_keys(register(self._decider.stations))
        self._process = StationProcess(
            self._decider,
            station=StructState(runtime_context, "station", StationState, msgspec.json),  # routes are raw JSON
            memory=map_state(runtime_context, "decided", Types.STRING()),
            waiting=map_state(runtime_context, "waiting", Types.LONG()),
            recorder=self._metrics.recorder,
        )

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        """A board, ``(body, partition, offset)``; its timestamp is ``polled_at``."""
        name, timers = ctx.get_current_key(), ctx.timer_service()
        board = ReceivedBoard(value[0] or b"", value[1], value[2])
        return self._emit(
            name, self._process.on_board(name, ctx.timestamp(), board, timers.current_watermark()), timers
        )

    def on_timer(self, timestamp: Milliseconds, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        """It is the turn of a board, or a deadline is reached.

        If the register has changed since the state was stored, so may have the station's key: its boards come under the
        new one, and what was open under the old one is forgotten instead of being decided without boards.
        """
        name, timers = ctx.get_current_key(), ctx.timer_service()
        if self._key(name) != name:
            log.warning(
                "station %r is %r by the register: what is stored under the old key is left", name, self._key(name)
            )
            self._process.forget()
            return iter(())
        step = self._process.on_time(name, timestamp, timers.current_watermark())
        return self._emit(name, step, timers)

    def _emit(self, station: str, step: StationStep, timers: TimerService) -> Iterator[Any]:
        if step.delete is not None:
            timers.delete_event_time_timer(step.delete)
        if step.register is not None:
            timers.register_event_time_timer(step.register)
        count(step, self._metrics.recorder, Milliseconds(time.time_ns() // 1_000_000))
        self._metrics.publish()
        for output in step.outputs:
            if isinstance(output, RejectedBoard):
                yield Row(*topic_record.of_dead_letter(dead_letter(output, step, station, self._topic)))
                continue
            if isinstance(output, Decision):
                yield Row(*topic_record.of_decision(output))
            if isinstance(output, PlannedStop) or output.kind != "late":
                key = topic_record.run_key(output.category, output.number)
                yield DECIDED, Row(key, (key, berlin_time.milliseconds(output.decided_at), encode(output)))
