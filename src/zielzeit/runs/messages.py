"""What is said of a run to the network and to the labels: its departures, its cancelled stops, its endings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from zielzeit.berlin_time import Milliseconds, UtcMinutes
from zielzeit.decision.early import News
from zielzeit.events.structs import DidNotLeave, Stage, Status, Unlabelled
from zielzeit.features.network_state import FeatureInput
from zielzeit.runs.event_time_buffer import Waiting


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


class RunMessage(NamedTuple):
    """A message of a run, and when it is said."""

    at: Milliseconds
    train: str
    """Category and number."""
    message: Message


_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[EarlyMessage | list[Waiting]] = msgspec.msgpack.Decoder(EarlyMessage | list[Waiting])
_decode_message = msgspec.msgpack.Decoder(Message).decode


def encode(said: Sequence[RunMessage] | EarlyMessage) -> bytes:
    """Encode what ``follow`` tells ``describe``: messages that wait for their turn, or an early one, which does not."""
    return _encode(said if isinstance(said, EarlyMessage) else waiting(said))


def decode(element: bytes) -> list[Waiting] | EarlyMessage:
    """Return what ``encode`` encoded; messages are decoded when they have their turn."""
    return _decoder.decode(element)


def waiting(said: Iterable[RunMessage]) -> list[Waiting]:
    """Return messages as they wait for their turn."""
    return [Waiting(at, train, _encode(message)) for at, train, message in said]


def decode_message(element: Waiting) -> RunMessage:
    """Return one of ``waiting``."""
    return RunMessage(element.at, element.train, _decode_message(element.element))
