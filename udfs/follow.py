"""By run: decisions in, departures with everything known of their run out. The rules are in
``zielzeit.runs.tracker``."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import msgspec
from pyflink.common import Row
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from udfs.event_time_buffer import Waiting
from udfs.keyed_state import StructState
from zielzeit.events.structs import Decision
from zielzeit.runs.tracker import Message, Train, expire, follow, next_due

NETWORK = ""
"""The one key of what concerns the whole network."""

_decode = msgspec.msgpack.Decoder(Decision).decode
_encode = msgspec.msgpack.Encoder().encode
_planned = attrgetter("scheduled")


class Follow(KeyedProcessFunction):
    """Takes decisions and emits ``following.Message``, both as ``KEYED``."""

    def open(self, runtime_context: RuntimeContext) -> None:
        """Bind the state of the train at hand."""
        self._train = StructState(runtime_context, "train", Train)
        self._waiting = Waiting(runtime_context, "waiting")

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        """A decision; it waits for its turn."""
        self._waiting.add(value[1], value[2], ctx)
        return iter(())

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        """The turn of decisions, or an ending falls due."""
        key, train = ctx.get_current_key(), self._train.load()
        before = next_due(train)
        messages: list[Message] = list(expire(train, timestamp))
        for decision in sorted(map(_decode, self._waiting.take(timestamp)), key=_planned):
            messages.extend(follow(train, decision))
        due = next_due(train)
        if due is not None and due != before:
            ctx.timer_service().register_event_time_timer(due)
        if train.runs or train.journeys:
            self._train.store(train)
        else:
            self._train.clear()
        for message in messages:
            yield Row(NETWORK, (key, timestamp, _encode(message)))
