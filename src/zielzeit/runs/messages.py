"""What is said of a run to the network and to the labels: its departures, its cancelled stops, its endings."""

from __future__ import annotations

import msgspec

from zielzeit.berlin_time import UtcMinutes
from zielzeit.decision.early import News
from zielzeit.events.structs import DidNotLeave, Stage, Status, Unlabelled
from zielzeit.features.network_state import FeatureInput


class Departure(msgspec.Struct, frozen=True, kw_only=True, tag="departure"):
    """A train left a station: everything that the prediction needs."""

    id: str
    """Id of the decision."""
    train: str
    """Name as on the board, e.g. ``RE 7``."""
    seen: FeatureInput
    """What is known of the departure when it is decided."""
    station_eva: str = ""
    destination_eva: str = ""


class CancelledStop(msgspec.Struct, frozen=True, kw_only=True, tag="cancelled-stop"):
    """A train did not call at a station where it should have called."""

    id: str
    """Id of the decision."""
    station: str


class Ending(msgspec.Struct, frozen=True, kw_only=True, tag="ending"):
    """What became of departures that share a destination. Each departure is in exactly one ending."""

    status: Status
    """``arrived``; ``cancelled``: a board said that the train did not reach the destination; ``unlabelled``: no board
    said what became of it."""
    delay: int | None
    """Delay at the destination, minutes; None unless it arrived."""
    last_hop_minutes: float
    """Planned minutes from the last departure to the destination; NaN where unknown."""
    first_planned: UtcMinutes
    """Earliest planned time of the run that a board has shown."""
    departures: tuple[Departure, ...]
    reason: Unlabelled | None = None
    """Why it is unlabelled; None if it is not."""


class EarlyMessage(msgspec.Struct, frozen=True, kw_only=True, tag="early"):
    """A departure that is told before it is decided. It is described and scored at once, and no fact for anyone."""

    departure: Departure
    """``seen.delay`` is the delay shown; of a retraction without meaning."""
    stage: Stage
    revision: int
    reason: DidNotLeave | None
    waited: float
    """Minutes from the believed departure to the board that tells it."""
    news: News
    """What that board says of the delay that it shows."""
    starts_here: bool
    """True if the run begins at the station."""


Message = Departure | CancelledStop | Ending


class _Type(msgspec.Struct):
    type: str


_decode_type = msgspec.msgpack.Decoder(_Type).decode
_decode_early = msgspec.msgpack.Decoder(EarlyMessage).decode


def decode_early(message: bytes) -> EarlyMessage | None:
    """Return an early message out of its msgpack; None if it is a ``Message``, which waits for its turn."""
    return _decode_early(message) if _decode_type(message).type == "early" else None
