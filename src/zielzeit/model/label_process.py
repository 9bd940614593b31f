"""Predictions, early ones and those of decided departures, until their labels are known. Pure."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Final, NamedTuple

import msgspec

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.events.structs import EarlyOutcome, EarlyPrediction, Example, Outcome
from zielzeit.model.predict import PendingPrediction, outcome
from zielzeit.model.predict_early import early_outcome
from zielzeit.runs.messages import Ending

_EARLY_KEPT: Final = 48 * 60 * MINUTE
"""Milliseconds after which an early prediction is forgotten: by then its run has ended, or no departure was made of it,
as where the boards of a station and of its part both told it."""
_SWEEP_EVERY: Final = 12 * 60 * MINUTE
"""Milliseconds between two looks for those to forget: one timer serves all that was told in that time."""

_encode = msgspec.msgpack.Encoder().encode
_decode_pending = msgspec.msgpack.Decoder(PendingPrediction).decode
_decode_early = msgspec.msgpack.Decoder(list[EarlyPrediction]).decode


class Labels(NamedTuple):
    """What an ending leads to."""

    labelled: Sequence[tuple[Outcome, Example]]
    early: Sequence[EarlyOutcome]
    missing: int
    """Departures whose predictions are not here: they get no outcome."""


class LabelProcess:
    """Keeps each prediction until the ending that names its departure.

    An ending comes after the predictions of its departures, on the same way. One that is not here will never come: an
    ending cannot wait for it, and a job must not end for it.

    Parameters: ``pending`` holds predictions by id, ``early`` the early predictions by id, those of a departure
    together.
    """

    def __init__(self, pending: MutableMapping[str, bytes], early: MutableMapping[str, bytes]) -> None:
        self._pending = pending
        self._early = early

    def keep(self, predictions: Sequence[PendingPrediction]) -> None:
        """Predictions were made."""
        if predictions:
            self._pending.update({one.prediction.id: _encode(one) for one in predictions})

    def keep_early(self, at: Milliseconds, told: EarlyPrediction) -> Milliseconds | None:
        """An early prediction was made, or is retracted: then all of the departure are forgotten.

        Return the timer to register for ``forget_early``, if any; a later one does as well.
        """
        if told.stage == "retracted":
            self._early.pop(told.id, None)
            return None
        kept = self._early.get(told.id) if told.revision else None  # nearly always there is none
        self._early[told.id] = _encode([*(_decode_early(kept) if kept else ()), told])
        return _forget_at(at)

    def on_ending(self, at: Milliseconds, ending: Ending) -> Labels:
        """It is known what became of departures: return the labels of their predictions."""
        known_at = berlin_time.datetime_of(at)
        labelled: list[tuple[Outcome, Example]] = []
        early: list[EarlyOutcome] = []
        missing = 0
        for departure in ending.departures:
            told = self._early.pop(departure.id, None)
            early.extend(early_outcome(one, ending, known_at) for one in (_decode_early(told) if told else ()))
            pending = self._pending.pop(departure.id, None)
            if pending is None:
                missing += 1
            else:
                labelled.append(outcome(_decode_pending(pending), ending, known_at))
        return Labels(labelled, early, missing)

    def forget_early(self, now: Milliseconds) -> None:
        """A timer fires: forget the early predictions that no ending will name."""
        for id_, kept in list(self._early.items()):
            newest = _decode_early(kept)[-1]
            if _forget_at(berlin_time.milliseconds(newest.told_at)) <= now:
                del self._early[id_]


def is_sweep(at: Milliseconds) -> bool:
    """Return True for an instant at which ``forget_early`` is to be called: nearly no other timer is so."""
    return at % _SWEEP_EVERY == 0


def _forget_at(told_at: Milliseconds) -> Milliseconds:
    """Return the sweep that forgets an early prediction."""
    return Milliseconds((told_at + _EARLY_KEPT) // _SWEEP_EVERY * _SWEEP_EVERY + _SWEEP_EVERY)
