"""Predictions of departures that are told before they are decided. Pure; the model is a parameter.

They are described and scored as decided departures are (``zielzeit.model.predict``), by the same model, from what is
known at that moment. Nothing learns from them: neither the network's state nor the labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from zielzeit import berlin_time
from zielzeit.events.structs import EarlyOutcome, EarlyPrediction, ModelOutput
from zielzeit.features.network_state import NetworkState
from zielzeit.model.described import DescribedEarly
from zielzeit.model.early_correction import LEARNT, Distribution, asked, expected, mixture, still_to_come
from zielzeit.model.predict import Models, ServedModel, answers, departed_at, departure_fields, in_berlin, rounded
from zielzeit.runs.messages import EarlyMessage, Ending

_NO_OUTPUT: dict[str, Any] = dict.fromkeys(ModelOutput.__struct_fields__)


def describe_early(
    messages: Sequence[EarlyMessage], state: NetworkState, learnt: Mapping[str, Distribution] = LEARNT
) -> list[DescribedEarly]:
    """Describe departures by what the network's state knows now.

    ``learnt`` tells what is still to be added to the delay shown: of two of its values the model is asked. A retraction
    has no features: nothing is expected of a departure that was none.
    """
    return [_described(one, state, learnt) for one in messages]


def _described(early: EarlyMessage, state: NetworkState, learnt: Mapping[str, Distribution]) -> DescribedEarly:
    if early.stage == "retracted":
        return DescribedEarly(early, (), ())
    added = still_to_come(early, learnt)
    return DescribedEarly(early, added, tuple(state.describe_later(early.departure.seen, asked(added))))


def score_early(described: Sequence[DescribedEarly], models: Models) -> list[EarlyPrediction]:
    """Return the early record of each departure, in one call of the model. Raises ModelFault if persistence fails."""
    served, outputs = answers([row for one in described for row in one.rows], models)
    answer = iter(outputs)
    made = []
    for one in described:
        if one.message.stage == "retracted":
            made.append(_retraction(one.message))
            continue
        output = mixture({value: next(answer) for value in asked(one.added)}, one.added)
        made.append(_early_prediction(one.message, one.added, output, served))
    return made


def _early_prediction(
    early: EarlyMessage, added: Distribution, output: ModelOutput, served: ServedModel
) -> EarlyPrediction:
    return EarlyPrediction(
        **_told(early),
        delay=early.departure.seen.delay + expected(added),
        **rounded(output),
        model_name=served.name,
        model_version=served.version,
        model_run_id=served.run_id,
    )


def _retraction(early: EarlyMessage) -> EarlyPrediction:
    delay = early.departure.seen.delay
    return EarlyPrediction(**_told(early), delay=delay, **_NO_OUTPUT, model_name="", model_version="", model_run_id="")


def _told(early: EarlyMessage) -> dict[str, Any]:
    """Return what a record says of the departure, by field, whatever is predicted."""
    seen = early.departure.seen
    return {
        **departure_fields(early.departure),
        "revision": early.revision,
        "stage": early.stage,
        "reason": early.reason,
        "departed_at": departed_at(early.departure),
        "told_at": seen.decided_at.astimezone(berlin_time.BERLIN),
        "shown_delay": seen.delay,
    }


def early_outcome(early: EarlyPrediction, ending: Ending, known_at: datetime) -> EarlyOutcome:
    """Return the outcome of an early prediction."""
    return EarlyOutcome(
        early=in_berlin(early),
        status=ending.status,
        known_at=known_at,
        observed_delay=ending.delay,
        reason=ending.reason,
    )
