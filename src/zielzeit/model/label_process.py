"""The predictions of one train until their labels are known. Pure, no Flink.

The operator (``udfs/label.py``) and the tests drive a ``LabelProcess``. All times are event time in milliseconds since
1970 UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping

import msgspec

from zielzeit.events.structs import Example, Outcome
from zielzeit.model.predict import PendingPrediction, moment, outcome
from zielzeit.runs.event_time_buffer import EventTimeBuffer
from zielzeit.runs.tracker import Ending

_decode = msgspec.msgpack.Decoder(PendingPrediction | Ending).decode


class LabelProcess:
    """Keeps each prediction until the ending that names its departure.

    An ending waits until the watermark has passed it, because it may overtake predictions on its way.

    Parameters: ``pending`` holds predictions by id, ``endings`` the endings that wait, by their time.
    """

    def __init__(self, pending: MutableMapping[str, bytes], endings: MutableMapping[int, bytes]) -> None:
        self._pending = pending
        self._endings = EventTimeBuffer(endings)

    def on_message(self, at: int, message: bytes) -> int | None:
        """A prediction or an ending (msgpack) arrives; return the timer to register, if any."""
        decoded = _decode(message)
        if isinstance(decoded, PendingPrediction):
            self._pending[decoded.prediction.id] = message
            return None
        return self._endings.add(at, message)

    def on_time(self, now: int) -> Iterator[tuple[Outcome, Example]]:
        """A timer fires: the predictions that the endings of this instant name are all here."""
        for message in self._endings.take(now):
            ending = _decode(message)
            for departure in ending.departures:
                yield outcome(_decode(self._pending.pop(departure.id)), ending, moment(now))
