"""Predictions of departures that are told before they are decided. Pure; the model is a parameter.

They are described and scored as decided departures are (``zielzeit.model.predict``), by the same model, from what is
known at that moment. Nothing learns from them: neither the network's state nor the labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from zielzeit import berlin_time
from zielzeit.events.structs import EarlyOutcome, EarlyPrediction, ModelOutput
from zielzeit.features.network_state import NetworkState
from zielzeit.model.early_correction import LEARNT, Distribution, expected, mixture, still_to_come
from zielzeit.model.predict import Models, departed_at, departure_fields, forecast, in_berlin, rounded
from zielzeit.runs.messages import Departure, EarlyMessage, Ending

_NO_OUTPUT: dict[str, Any] = dict.fromkeys(ModelOutput.__struct_fields__)


class PendingEarly(msgspec.Struct, frozen=True, tag="early"):
    """An early prediction, or its retraction, on its way to the labels."""

    prediction: EarlyPrediction


def predict_early(
    early: EarlyMessage, state: NetworkState, models: Models, learnt: Mapping[str, Distribution] = LEARNT
) -> EarlyPrediction:
    """Return the early record of a message. Raises ModelFault if persistence itself fails.

    ``learnt`` tells what is still to be added to the delay shown: each value is predicted, in one call of the model.

    A retraction is not scored: nothing is expected of a departure that was none.
    """
    seen = early.departure.seen
    told = {
        **departure_fields(early.departure),
        "revision": early.revision,
        "stage": early.stage,
        "reason": early.reason,
        "departed_at": departed_at(early.departure),
        "told_at": seen.decided_at.astimezone(berlin_time.BERLIN),
        "shown_delay": seen.delay,
    }
    if early.stage == "retracted":
        return EarlyPrediction(**told, delay=seen.delay, **_NO_OUTPUT, model_name="", model_version="", model_run_id="")
    added = still_to_come(early, learnt)
    weights = Counter(added)
    made = [one.prediction for one in forecast([_later(early.departure, by) for by in weights], state, models)]
    return EarlyPrediction(
        **told,
        delay=seen.delay + expected(added),
        **rounded(mixture([*made], [*weights.values()])),
        model_name=made[0].model_name,
        model_version=made[0].model_version,
        model_run_id=made[0].model_run_id,
    )


def early_outcome(early: EarlyPrediction, ending: Ending, known_at: datetime) -> EarlyOutcome:
    """Return the outcome of an early prediction."""
    return EarlyOutcome(
        early=in_berlin(early),
        status=ending.status,
        known_at=known_at,
        observed_delay=ending.delay,
        reason=ending.reason,
    )


def _later(departure: Departure, by: int) -> Departure:
    """Return a departure as if its delay were some minutes larger."""
    seen = departure.seen
    return msgspec.structs.replace(departure, seen=msgspec.structs.replace(seen, delay=seen.delay + by))
