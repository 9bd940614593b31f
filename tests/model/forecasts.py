"""Departures described and scored in one step, in a network of which nothing is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zielzeit.events.structs import EarlyPrediction
from zielzeit.features.network_state import NetworkState
from zielzeit.metrics.recorder import Recorder
from zielzeit.model.early_correction import LEARNT, Distribution
from zielzeit.model.predict import Models, PendingPrediction, describe, score
from zielzeit.model.predict_early import describe_early, score_early
from zielzeit.runs.messages import Departure, EarlyMessage


def forecast(
    departures: Sequence[Departure], models: Models, recorder: Recorder | None = None
) -> list[PendingPrediction]:
    return score(describe(departures, NetworkState(), recorder), models, recorder)


def forecast_early(
    messages: Sequence[EarlyMessage], models: Models, learnt: Mapping[str, Distribution] = LEARNT
) -> list[EarlyPrediction]:
    return score_early(describe_early(messages, NetworkState(station_key=str), learnt), models)
