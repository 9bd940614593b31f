"""By station: boards in order of time, decided. The order is made here, the decision in ``zielzeit.decision.rules``."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, OutputTag, RuntimeContext

from udfs.keyed_state import KEYED, StructState, map_state
from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE
from zielzeit.decision.decider import Decider, Outcome, Unreadable, first_of_equals
from zielzeit.decision.rules import Station
from zielzeit.events import topic_record
from zielzeit.events.structs import DeadLetter

DECIDED = OutputTag("decided", KEYED)
"""Decisions for the operators behind."""

END_OF_INPUT = 2**63 - 1
"""Flink's last watermark: a bounded source has ended."""

_MAX_LETTER = 1024 * 1024
_ORIGIN = struct.Struct(">iq")
_encode = msgspec.msgpack.Encoder().encode


class Decide(KeyedProcessFunction):
    """Keeps boards until the watermark has passed them by ``grace``, then decides them in order of ``polled_at``.

    So decisions do not depend on the order in which boards arrive inside the grace. A board that comes after its
    turn only adds ``late`` records. One timer a board, and one for the earliest thing that falls due without boards.

    Emits ``flink_jobs.event_sink.RECORD`` rows, and decisions to ``DECIDED``.
    """

    def __init__(self, decider: Decider, topic: str) -> None:
        self._decider = decider
        self._topic = topic
        self._grace = decider.grace * MINUTE

    def open(self, runtime_context: RuntimeContext) -> None:
        """Bind the state of the station at hand."""
        self._station = StructState(runtime_context, "station", Station, msgspec.json)  # routes are raw JSON
        self._memory = map_state(runtime_context, "decided", Types.STRING())
        self._waiting = map_state(runtime_context, "waiting", Types.LONG())

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        """A board: ``(body, partition, offset)``, its timestamp is ``polled_at``."""
        name, body, partition, offset = ctx.get_current_key(), value[0] or b"", value[1], value[2]
        polled_at = ctx.timestamp()
        turn = polled_at + self._grace
        if turn <= ctx.timer_service().current_watermark():
            station = self._station.load()
            if polled_at <= station.frontier:
                found = self._decider.take_late(name, station, self._memory, body, polled_at)
                yield from self._emit(found, name, polled_at, body, (partition, offset))
                return
        waiting = self._waiting.get(polled_at)
        if waiting is not None and first_of_equals(body, waiting[_ORIGIN.size :]) != body:
            return
        self._waiting[polled_at] = _ORIGIN.pack(partition, offset) + body
        ctx.timer_service().register_event_time_timer(turn)

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        """The turn of a board, or something falls due."""
        name, now = ctx.get_current_key(), timestamp - self._grace
        waiting = self._waiting.pop(now, None)
        if waiting is None and ctx.timer_service().current_watermark() == END_OF_INPUT:
            return  # nothing more is known of the trains that are on the last boards
        station = self._station.load()
        before = station.due
        if waiting is None:
            found = self._decider.pass_time(name, station, self._memory, now)
            yield from self._emit(found, name, now, b"", (-1, -1))
        else:
            body = waiting[_ORIGIN.size :]
            # A restart forgets the watermark, so that a board may have waited that came too late.
            take = self._decider.take if now > station.frontier else self._decider.take_late
            found = take(name, station, self._memory, body, now)
            yield from self._emit(found, name, now, body, _ORIGIN.unpack_from(waiting))
        self._station.store(station)
        self._move_timer(before, station.due, ctx)

    def _move_timer(self, before: int, due: int, ctx: KeyedProcessFunction.OnTimerContext) -> None:
        """The timer for what falls due without boards; both in milliseconds of folded time, 0 for none."""
        if before == due:
            return
        if before and before not in self._waiting:  # Flink keeps one timer for a time: it may be a board's, too
            ctx.timer_service().delete_event_time_timer(before + self._grace)
        if due:
            ctx.timer_service().register_event_time_timer(due + self._grace)

    def _emit(
        self, found: Iterable[Outcome], name: str, at: int, body: bytes, origin: tuple[int, int]
    ) -> Iterator[Any]:
        for outcome in found:
            if isinstance(outcome, Unreadable):
                yield Row(*topic_record.of_dead_letter(self._dead_letter(outcome, name, at, body, origin)))
                continue
            if outcome.kind != "planned":
                yield Row(*topic_record.of_decision(outcome))
            if outcome.kind != "late":
                at = berlin_time.milliseconds(outcome.decided_at)
                key = topic_record.run_key(outcome.category, outcome.number)
                yield DECIDED, Row(key, (key, at, _encode(outcome)))

    def _dead_letter(
        self, unreadable: Unreadable, name: str, at: int, body: bytes, origin: tuple[int, int]
    ) -> DeadLetter:
        return DeadLetter(
            reason=unreadable.reason,
            topic=self._topic,
            partition=origin[0],
            offset=origin[1],
            key=name,
            timestamp=berlin_time.instant_datetime(at / MINUTE),
            body=body[:_MAX_LETTER],
            truncated=len(body) > _MAX_LETTER,
        )
