"""The message from ``decide`` to ``follow`` that a board shows a train for the first time. It never leaves the job."""

from __future__ import annotations

from datetime import datetime

import msgspec

from zielzeit.events.structs import Decision


class PlannedStop(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="planned"):
    """A board shows a train for the first time, or for the first time that it ends there.

    Boards carry no timetable, so this is how a run's follower learns when the run will reach its destination.
    """

    id: str
    """Id that the decision of this stop will have."""
    station: str
    category: str
    number: str
    destination: str
    scheduled: datetime
    """Planned departure, or planned arrival where the run ends here."""
    decided_at: datetime
    """Event time at which the board counts: its ``polled_at`` plus grace."""
    starts_here: bool
    ends_here: bool
    route_ahead: tuple[str, ...]
    route_behind: tuple[str, ...]


class _Kind(msgspec.Struct):
    kind: str


encode = msgspec.msgpack.Encoder().encode
_decode_kind = msgspec.msgpack.Decoder(_Kind).decode
_decode_planned = msgspec.msgpack.Decoder(PlannedStop).decode
_decode_decision = msgspec.msgpack.Decoder(Decision).decode


def decode(message: bytes) -> Decision | PlannedStop:
    """Decode what ``encode`` (msgpack) made of a decision or a planned stop.

    Both have their kind in the same field.
    """
    return _decode_planned(message) if _decode_kind(message).kind == "planned" else _decode_decision(message)
