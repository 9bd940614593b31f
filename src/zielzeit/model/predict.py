"""Predictions out of departures, outcomes and examples out of endings. Pure; the model is a parameter.

``zielzeit.model.describing_process`` and ``scoring_process`` call these functions in the order of event time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from zielzeit import berlin_time, service_days
from zielzeit.events.structs import Example, ModelOutput, Outcome, Prediction
from zielzeit.features.network_state import FEATURES, Arrival, NetworkState, feature_row
from zielzeit.metrics import job
from zielzeit.metrics.recorder import Recorder
from zielzeit.model.delay_model import BASELINE, DelayModel
from zielzeit.model.described import DescribedDeparture
from zielzeit.runs.messages import CancelledStop, Departure, Ending, Message

_DECIMALS = {"cancel_probability": 4}
"""Decimals that are published; minutes have two."""
_MICROSECONDS = 1_000_000
Made = TypeVar("Made", bound=msgspec.Struct)
"""A prediction of whatever kind."""


class ServedModel(msgspec.Struct, frozen=True):
    """The model in use, and its identity, which every prediction carries."""

    model: DelayModel = BASELINE
    name: str = "persistence"
    version: str = "baseline"
    run_id: str = ""
    network: Path | None = None
    """File with the state of the network at the end of the model's history."""


class PendingPrediction(msgspec.Struct, frozen=True):
    """A prediction with its features, kept until its outcome is known."""

    prediction: Prediction
    features: tuple[float, ...]


class ModelFault(Exception):
    """A model in use raised, or gave an answer that is none."""


class Models(Protocol):
    """Where the scoring takes its model from."""

    def current(self) -> ServedModel:
        """The model to use now."""
        ...

    def refuse(self, served: ServedModel, fault: ModelFault) -> None:
        """Never return this model again: the last good one, or persistence, takes its place."""
        ...


class OneModel:
    """One model for all departures, by default persistence. There is none to take its place: its fault is raised."""

    def __init__(self, served: ServedModel | None = None) -> None:
        self._served = served or ServedModel()

    def current(self) -> ServedModel:
        """See ``Models``."""
        return self._served

    def refuse(self, served: ServedModel, fault: ModelFault) -> None:
        """See ``Models``. Raises the fault."""
        raise fault


def describe(
    departures: Sequence[Departure], state: NetworkState, recorder: Recorder | None = None
) -> list[DescribedDeparture]:
    """Describe departures by what the network's state knows now. ``recorder`` counts the time that it takes."""
    began = time.perf_counter()
    described = [DescribedDeparture(departure, feature_row(departure.seen, state)) for departure in departures]
    if recorder is not None and described:
        recorder.add(job.DESCRIPTION_TIME, by=round((time.perf_counter() - began) * _MICROSECONDS))
    return described


def score(
    described: Sequence[DescribedDeparture], models: Models, recorder: Recorder | None = None
) -> list[PendingPrediction]:
    """Predict for departures in one call of the model. Raises ModelFault if persistence itself fails.

    ``recorder`` counts predictions and the time in the model.
    """
    began = time.perf_counter()
    served, outputs = answers([one.features for one in described], models)
    if recorder is not None and described:
        recorder.add(job.PREDICTIONS, served.name, served.version, by=len(described))
        recorder.add(job.PERSISTENCE, by=len(described) if served.model is BASELINE else 0)
        recorder.add(job.SCORING_TIME, by=round((time.perf_counter() - began) * _MICROSECONDS))
    return [
        PendingPrediction(_prediction(one.departure, output, served), one.features)
        for one, output in zip(described, outputs, strict=True)
    ]


def answers(rows: Sequence[tuple[float, ...]], models: Models) -> tuple[ServedModel, list[ModelOutput]]:
    """Return the model in use and its answer to each row of features, of one call: it costs as much as some dozen rows.

    A model at fault is refused and the next one asked, so each answer is that of the model that is named. Raises
    ModelFault if persistence itself fails.
    """
    while True:
        served = models.current()
        try:
            return served, _outputs(served.model, rows)
        except ModelFault as fault:
            if served.model is BASELINE:
                raise
            models.refuse(served, fault)


def _outputs(model: DelayModel, rows: Sequence[tuple[float, ...]]) -> list[ModelOutput]:
    """The model's answers, one for each row. Raises ModelFault."""
    if not rows:
        return []
    try:
        outputs = model.predict(rows)
    except Exception as error:
        raise ModelFault(f"it raised {type(error).__name__}: {error}") from error
    if len(outputs) != len(rows):
        raise ModelFault(f"it gave {len(outputs)} answers to {len(rows)} rows")
    for output in outputs:
        if not all(value is None or math.isfinite(value) for value in msgspec.structs.astuple(output)):
            raise ModelFault(f"it gave the answer {output}")
    return outputs


def observe(messages: Iterable[Message], at: datetime, state: NetworkState) -> None:
    """Update the network's state with what happened ``at`` a time."""
    for message in messages:
        if isinstance(message, Departure):
            state.observe_departure(message.seen)
        elif isinstance(message, CancelledStop):
            state.observe_cancelled_stop(message.station, at)
        elif message.status != "unlabelled":
            state.observe_arrival(
                Arrival(
                    departures=tuple(departure.seen for departure in message.departures),
                    delay=message.delay,
                    decided_at=at,
                    last_hop_minutes=message.last_hop_minutes,
                )
            )


_SHARED = (
    *("id", "station", "station_eva", "destination", "destination_eva"),
    *("category", "number", "line", "scheduled"),
)
"""Fields of an example that are its prediction's."""


def outcome(pending: PendingPrediction, ending: Ending, known_at: datetime) -> tuple[Outcome, Example]:
    """The outcome of a prediction, and the example for training."""
    made = in_berlin(pending.prediction)
    shared = {name: getattr(made, name) for name in _SHARED}
    began = berlin_time.datetime_of(berlin_time.minute_begin(ending.first_planned))
    happened = Outcome(
        prediction=made,
        status=ending.status,
        known_at=known_at,
        observed_delay=ending.delay,
        reason=ending.reason,
    )
    example = Example(
        **shared,
        service_day=service_days.calendar_date(service_days.service_day_at(began)),
        decided_at=made.decided_at,
        known_at=known_at,
        delay=made.delay,
        features={
            name: None if math.isnan(value) else value for name, value in zip(FEATURES, pending.features, strict=True)
        },
        final_delay=ending.delay,
        cancelled=None if ending.status == "unlabelled" else ending.status == "cancelled",
    )
    return happened, example


def in_berlin(made: Made) -> Made:
    """The prediction with its times in Berlin's zone, as it was published: state keeps them in UTC."""
    times = {name: getattr(made, name).astimezone(berlin_time.BERLIN) for name in _times(type(made))}
    return msgspec.structs.replace(made, **times)


@cache
def _times(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the names of the fields that are times."""
    return tuple(field.name for field in msgspec.structs.fields(kind) if field.type is datetime)


def _prediction(departure: Departure, output: ModelOutput, served: ServedModel) -> Prediction:
    seen = departure.seen
    return Prediction(
        **departure_fields(departure),
        departed_at=departed_at(departure),
        decided_at=seen.decided_at.astimezone(berlin_time.BERLIN),
        delay=seen.delay,
        **rounded(output),
        model_name=served.name,
        model_version=served.version,
        model_run_id=served.run_id,
    )


def departure_fields(departure: Departure) -> dict[str, Any]:
    """Return what predictions say of a departure, whatever its delay, by field."""
    seen = departure.seen
    return {
        "id": departure.id,
        "station": seen.station,
        "train": departure.train,
        "category": seen.category,
        "number": seen.number,
        "line": seen.line,
        "destination": seen.destination,
        "scheduled": seen.scheduled.astimezone(berlin_time.BERLIN),
        "horizon": None if math.isnan(seen.horizon) else seen.horizon,
        "station_eva": departure.station_eva,
        "destination_eva": departure.destination_eva,
    }


def departed_at(departure: Departure) -> datetime:
    """Return the planned departure plus the delay, in Berlin's zone."""
    return departure.seen.scheduled.astimezone(berlin_time.BERLIN) + timedelta(minutes=departure.seen.delay)


def rounded(output: ModelOutput) -> dict[str, Any]:
    """Return the outputs by name, as precise as they are published."""
    return {
        name: None if value is None else round(value, _DECIMALS.get(name, 2))
        for name, value in msgspec.structs.asdict(output).items()
    }
