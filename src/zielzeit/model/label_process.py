"""The predictions of one train, early ones and those of decided departures, until their labels are known. Pure.

The operator (``udfs/label.py``) and the tests drive a ``LabelProcess``.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Final, NamedTuple

import msgspec

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.events.structs import EarlyOutcome, Example, Outcome
from zielzeit.model.predict import PendingPrediction, outcome
from zielzeit.model.predict_early import PendingEarly, early_outcome
from zielzeit.runs.event_time_buffer import EventTimeBuffer
from zielzeit.runs.messages import Ending

_EARLY_KEPT: Final = 48 * 60 * MINUTE
"""Milliseconds after which an early prediction is forgotten: by then its run has ended, or no departure was made of it,
as where the boards of a station and of its part both told it."""
_SWEEP_EVERY: Final = 12 * 60 * MINUTE
"""Milliseconds between two looks for those to forget: one timer of a train serves all that it was told in that time."""


class _Named(msgspec.Struct):
    id: str


class _Told(_Named):
    revision: int
    stage: str


class _Early(msgspec.Struct, tag="early"):
    """Of a ``PendingEarly`` what tells where to keep it."""

    prediction: _Told


class _Scored(msgspec.Struct, tag="scored"):
    """Of a ``PendingPrediction`` the id alone: it is kept as it came, and decoded once its ending is known."""

    prediction: _Named


_decode_kind = msgspec.msgpack.Decoder(_Scored | _Early | Ending).decode
_decode_scored = msgspec.msgpack.Decoder(PendingPrediction).decode
_decode_early = msgspec.msgpack.Decoder(PendingEarly).decode
_decode_ending = msgspec.msgpack.Decoder(Ending).decode
_encode_list = msgspec.msgpack.Encoder().encode
_decode_list = msgspec.msgpack.Decoder(list[bytes]).decode


class LabelStep(NamedTuple):
    """What an instant leads to."""

    labelled: Sequence[tuple[Outcome, Example]]
    early: Sequence[EarlyOutcome]
    missing: int
    """Departures of an ending whose predictions are not here: they get no outcome."""


class LabelProcess:
    """Keeps each prediction until the ending that names its departure.

    An ending waits until the watermark has passed it, because it may overtake predictions on its way.

    Parameters: ``pending`` holds predictions by id, ``endings`` the endings that wait, by their time, ``early`` the
    early predictions by id, those of a departure together.
    """

    def __init__(
        self,
        pending: MutableMapping[str, bytes],
        endings: MutableMapping[Milliseconds, bytes],
        early: MutableMapping[str, bytes],
    ) -> None:
        self._pending = pending
        self._endings = EventTimeBuffer(endings)
        self._early = early

    def on_message(self, at: Milliseconds, message: bytes) -> Milliseconds | None:
        """A prediction or an ending (msgpack) arrives; return the timer to register, if any."""
        decoded = _decode_kind(message)
        if isinstance(decoded, _Scored):
            self._pending[decoded.prediction.id] = message
            return None
        if isinstance(decoded, _Early):
            return self._on_early(at, decoded.prediction, message)
        return self._endings.add(at, message)

    def on_time(self, now: Milliseconds) -> LabelStep:
        """A timer fires: the predictions that the endings of this instant name are all here.

        One that is not will never come: an ending cannot wait for it, and a job must not end for it.
        """
        known_at = berlin_time.datetime_of(now)
        labelled: list[tuple[Outcome, Example]] = []
        early: list[EarlyOutcome] = []
        missing = 0
        for message in self._endings.take(now):
            ending = _decode_ending(message)
            for departure in ending.departures:
                told = _told(self._early.pop(departure.id, None))
                early.extend(early_outcome(one.prediction, ending, known_at) for one in told)
                pending = self._pending.pop(departure.id, None)
                if pending is None:
                    missing += 1
                else:
                    labelled.append(outcome(_decode_scored(pending), ending, known_at))
        if now % _SWEEP_EVERY == 0:
            self._forget_early(now)
        return LabelStep(labelled, early, missing)

    def _on_early(self, at: Milliseconds, told: _Told, message: bytes) -> Milliseconds | None:
        """Keep an early prediction; forget all of a departure that is retracted."""
        if told.stage == "retracted":
            self._early.pop(told.id, None)
            return None
        kept = self._early.get(told.id) if told.revision else None  # nearly always there is none
        self._early[told.id] = _encode_list([*(_decode_list(kept) if kept else ()), message])
        return _forget_at(at)

    def _forget_early(self, now: Milliseconds) -> None:
        for id_ in list(self._early):
            newest = _told(self._early[id_])[-1].prediction
            if _forget_at(berlin_time.milliseconds(newest.told_at)) <= now:
                del self._early[id_]


def _told(kept: bytes | None) -> list[PendingEarly]:
    return [_decode_early(message) for message in _decode_list(kept)] if kept else []


def _forget_at(told_at: Milliseconds) -> Milliseconds:
    """Return the sweep that forgets an early prediction."""
    return Milliseconds((told_at + _EARLY_KEPT) // _SWEEP_EVERY * _SWEEP_EVERY + _SWEEP_EVERY)
