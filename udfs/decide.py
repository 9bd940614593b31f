"""Per station: boards in, decisions out. An adapter of ``zielzeit.decision.station.StationProcess`` to Flink."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, OutputTag, RuntimeContext, TimerService

from udfs import interpreter, records
from udfs.flink_metrics import FlinkMetrics
from udfs.keyed_state import BYTES, KEYED, PlainState, map_state
from zielzeit import berlin_time
from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.dead_letter import dead_letter
from zielzeit.decision.decider import Decider, RejectedBoard
from zielzeit.decision.early import EarlyDeparture, EarlyDepartures
from zielzeit.decision.planned_stop import PlannedStop, encode
from zielzeit.decision.state import NEVER
from zielzeit.decision.station import StationProcess, StationStep
from zielzeit.decision.station_store import ReceivedBoard, StationStore
from zielzeit.decision.step_metrics import count
from zielzeit.events import topic_record
from zielzeit.events.structs import Decision
from zielzeit.runs.buckets import bucket_of
from zielzeit.stations.board_key import board_keys
from zielzeit.stations.table import register

log = logging.getLogger(__name__)

DECIDED = OutputTag("decided", KEYED)
"""Decisions, without ``late`` ones, planned stops, and departures that are told early."""


class Decide(KeyedProcessFunction):  # type: ignore[misc]  # PyFlink is untyped
    """Emits ``flink_jobs.event_sink.RECORDS`` rows of the topics, and to ``DECIDED`` what ``follow`` needs.

    Parameters: ``topic`` is the topic of the boards; ``early_minutes`` the setting, 0 to tell nothing early. Without
    ``followed`` nothing goes to ``DECIDED``: PyFlink takes its rows for the main output's if no stage reads it.
    """

    def __init__(self, decider: Decider, topic: str, early_minutes: int = 0, *, followed: bool = True) -> None:
        self._decider = decider
        self._topic = topic
        self._early_minutes = early_minutes
        self._followed = followed

    def open(self, runtime_context: RuntimeContext) -> None:
        """Bind the process to the state of the current key. It keeps the stations of this subtask in memory."""
        interpreter.take_turns()
        self._metrics = FlinkMetrics(runtime_context, "decide")
        self._key = board_keys(register(self._decider.stations))
        self._process = StationProcess(
            self._decider,
            StationStore(
                snapshot=PlainState(runtime_context, "snapshot", BYTES, b""),
                boards=map_state(runtime_context, "boards", Types.LONG()),
                frontier=PlainState(runtime_context, "frontier", Types.LONG(), NEVER),
                told=PlainState(runtime_context, "told", BYTES, b""),
            ),
            self._metrics.recorder,
            EarlyDepartures(self._decider, self._early_minutes) if self._early_minutes else None,
        )

    def close(self) -> None:
        """Tell the last counts."""
        self._metrics.close()

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        """A board, ``(body, partition, offset)``; its timestamp is ``polled_at``."""
        name, timers = ctx.get_current_key(), ctx.timer_service()
        board = ReceivedBoard(value[0] or b"", value[1], value[2])
        step = self._process.on_board(name, ctx.timestamp(), board)
        if step.register is not None:
            timers.register_event_time_timer(step.register)
        return self._emit(name, step, timers)

    def on_timer(self, timestamp: Milliseconds, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        """It is the turn of boards and deadlines: of all that the watermark has passed, one after the other.

        A timer of the clock fires for counts alone.

        If the register has changed since the state was stored, so may have the station's key: its boards come under the
        new one, and what was open under the old one is forgotten instead of being decided without boards.
        """
        name, timers = ctx.get_current_key(), ctx.timer_service()
        if self._key(name) != name:
            log.warning(
                "station %r is %r by the register: what is stored under the old key is left", name, self._key(name)
            )
            self._process.forget(name)
            return
        watermark = timers.current_watermark()
        timer = min(timestamp, watermark)
        while True:
            step = self._process.on_time(name, timer, watermark)
            yield from self._emit(name, step, timers)
            if step.register is None or step.register > watermark:
                break
            timer = step.register  # it would fire next: a call of Java less
        if step.register is not None:
            timers.register_event_time_timer(step.register)

    def _emit(self, station: str, step: StationStep, timers: TimerService) -> Iterator[Any]:
        count(step, self._metrics.recorder, Milliseconds(time.time_ns() // 1_000_000))
        self._metrics.publish(timers)
        for early in step.early:
            if isinstance(early, EarlyDeparture):
                yield _to_follow(early.shown, encode(early))
        told = []
        for output in step.outputs:
            if isinstance(output, RejectedBoard):
                told.append(topic_record.of_dead_letter(dead_letter(output, step, station, self._topic)))
                continue
            if isinstance(output, Decision):
                told.append(topic_record.of_decision(output))
            if self._followed and (isinstance(output, PlannedStop) or output.kind != "late"):
                yield _to_follow(output, encode(output))
        yield from records.batch(told)


def _to_follow(what: Decision | PlannedStop, encoded: bytes) -> tuple[OutputTag, Row]:
    train = topic_record.run_key(what.category, what.number)
    return DECIDED, Row(bucket_of(train), (train, berlin_time.milliseconds(what.decided_at), encoded))
