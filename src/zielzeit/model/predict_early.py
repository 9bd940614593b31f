"""Predictions of departures that are told before they are decided. Pure; the model is a parameter.

They are described and scored as decided departures are (``zielzeit.model.predict``), by the same model, from what is
known at that moment. Nothing learns from them: neither the network's state nor the labels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from zielzeit import berlin_time
from zielzeit.events.structs import EarlyPrediction, ModelOutput, Prediction
from zielzeit.features.network_state import NetworkState
from zielzeit.model.early_correction import LEARNT, Distribution, middle, still_to_come, widened
from zielzeit.model.predict import Models, forecast, rounded
from zielzeit.runs.messages import EarlyMessage

_COPIED = tuple(
    name
    for name in Prediction.__struct_fields__
    if name in EarlyPrediction.__struct_fields__
    and name not in ("departed_at", "delay", *ModelOutput.__struct_fields__)
)
"""Fields that an early prediction has from the prediction that would be made now."""


def predict_early(
    early: EarlyMessage, state: NetworkState, models: Models, learnt: Mapping[str, Distribution] = LEARNT
) -> EarlyPrediction:
    """Return the early record of a message. Raises ModelFault if persistence itself fails.

    ``learnt`` tells what is still to be added to the delay shown: the model gets its median.

    A retraction is not scored: nothing is expected of a departure that was none.
    """
    seen = early.departure.seen
    told: dict[str, Any] = {
        "revision": early.revision,
        "stage": early.stage,
        "reason": early.reason,
        "told_at": seen.decided_at.astimezone(berlin_time.BERLIN),
        "shown_delay": seen.delay,
        "delay": seen.delay,
        "departed_at": seen.scheduled.astimezone(berlin_time.BERLIN) + timedelta(minutes=seen.delay),
    }
    if early.stage == "retracted":
        return _retracted(early, told)
    added = still_to_come(early, learnt)
    told["delay"] = seen.delay + middle(added)
    expected = msgspec.structs.replace(seen, delay=told["delay"])
    (scored,) = forecast([msgspec.structs.replace(early.departure, seen=expected)], state, models)
    made = scored.prediction
    outputs = ModelOutput(**{name: getattr(made, name) for name in ModelOutput.__struct_fields__})
    return EarlyPrediction(
        **told, **{name: getattr(made, name) for name in _COPIED}, **rounded(widened(outputs, added))
    )


def _retracted(early: EarlyMessage, told: dict[str, Any]) -> EarlyPrediction:
    departure, seen = early.departure, early.departure.seen
    return EarlyPrediction(
        **told,
        id=departure.id,
        station=seen.station,
        train=departure.train,
        category=seen.category,
        number=seen.number,
        line=seen.line,
        destination=seen.destination,
        scheduled=seen.scheduled.astimezone(berlin_time.BERLIN),
        horizon=None if math.isnan(seen.horizon) else seen.horizon,
        predicted_delay=None,
        p10=None,
        p90=None,
        cancel_probability=None,
        model_name="",
        model_version="",
        model_run_id="",
        station_eva=departure.station_eva,
        destination_eva=departure.destination_eva,
    )
