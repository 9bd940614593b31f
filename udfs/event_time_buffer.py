"""Elements of a key kept until the watermark has passed them, then taken in an order that does not depend on chance."""

from __future__ import annotations

import msgspec
from pyflink.common import Types
from pyflink.datastream import RuntimeContext
from pyflink.datastream.functions import KeyedProcessFunction

from udfs.keyed_state import map_state

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[bytes]).decode


class Waiting:
    """A buffer by event time. One timer a time: when it fires, everything for that time has arrived."""

    def __init__(self, context: RuntimeContext, name: str) -> None:
        self._state = map_state(context, name, Types.LONG())

    def add(self, at: int, payload: bytes, ctx: KeyedProcessFunction.Context) -> None:
        """Keep an element until the watermark has passed its time, in milliseconds."""
        known = self._state.get(at)
        if known is None:
            self._state[at] = _encode([payload])
            ctx.timer_service().register_event_time_timer(at)
        else:
            self._state[at] = _encode([*_decode(known), payload])

    def take(self, at: int) -> list[bytes]:
        """Elements whose turn it is, in the order of their bytes."""
        found = self._state.pop(at, None)
        return [] if found is None else sorted(_decode(found))
