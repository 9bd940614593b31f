"""The predictions of one train until their labels are known. Pure, no Flink.

The operator (``udfs/label.py``) and the tests drive a ``LabelProcess``.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import NamedTuple

import msgspec

from zielzeit import berlin_time
from zielzeit.berlin_time import Milliseconds
from zielzeit.events.structs import Example, Outcome
from zielzeit.model.predict import PendingPrediction, outcome
from zielzeit.runs.event_time_buffer import EventTimeBuffer
from zielzeit.runs.messages import Ending


class _Named(msgspec.Struct):
    id: str


class _Scored(msgspec.Struct, tag="scored"):
    """Of a ``PendingPrediction`` the id alone: it is kept as it came, and decoded once its ending is known."""

    prediction: _Named


_decode_kind = msgspec.msgpack.Decoder(_Scored | Ending).decode
_decode_scored = msgspec.msgpack.Decoder(PendingPrediction).decode
_decode_ending = msgspec.msgpack.Decoder(Ending).decode


class LabelStep(NamedTuple):
    """What an instant leads to."""

    labelled: Sequence[tuple[Outcome, Example]]
    missing: int
    """Departures of an ending whose predictions are not here: they get no outcome."""


class LabelProcess:
    """Keeps each prediction until the ending that names its departure.

    An ending waits until the watermark has passed it, because it may overtake predictions on its way.

    Parameters: ``pending`` holds predictions by id, ``endings`` the endings that wait, by their time.
    """

    def __init__(self, pending: MutableMapping[str, bytes], endings: MutableMapping[Milliseconds, bytes]) -> None:
        self._pending = pending
        self._endings = EventTimeBuffer(endings)

    def on_message(self, at: Milliseconds, message: bytes) -> Milliseconds | None:
        """A prediction or an ending (msgpack) arrives; return the timer to register, if any."""
        decoded = _decode_kind(message)
        if isinstance(decoded, _Scored):
            self._pending[decoded.prediction.id] = message
            return None
        return self._endings.add(at, message)

    def on_time(self, now: Milliseconds) -> LabelStep:
        """A timer fires: the predictions that the endings of this instant name are all here.

        One that is not will never come: an ending cannot wait for it, and a job must not end for it.
        """
        known_at = berlin_time.datetime_of(now)
        labelled: list[tuple[Outcome, Example]] = []
        missing = 0
        for message in self._endings.take(now):
            ending = _decode_ending(message)
            for departure in ending.departures:
                pending = self._pending.pop(departure.id, None)
                if pending is None:
                    missing += 1
                else:
                    labelled.append(outcome(_decode_scored(pending), ending, known_at))
        return LabelStep(labelled, missing)
