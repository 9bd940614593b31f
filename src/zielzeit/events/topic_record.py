"""Events as records of their topics: which topic, which key, which bytes, which time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from zielzeit import berlin_time, topics
from zielzeit.berlin_time import Milliseconds
from zielzeit.events.structs import (
    DeadLetter,
    Decision,
    EarlyOutcome,
    EarlyPrediction,
    Example,
    Kind,
    Outcome,
    Prediction,
)

_encode = msgspec.json.Encoder().encode


class Record(NamedTuple):
    """A record for Kafka: topic without prefix, key, JSON, event time."""

    topic: str
    key: str
    value: bytes
    at: Milliseconds


def topic_of(kind: Kind) -> str:
    """Topic of the decisions of a kind."""
    match kind:
        case "undecided":
            return topics.UNDECIDED
        case "late":
            return topics.LATE
        case _:
            return topics.DEPARTURES


def run_key(category: str, number: str) -> str:
    """What follows a run: a train's events share a key, so that they stay in order on their topics."""
    return f"{category} {number}"


def of_decision(decision: Decision) -> Record:
    """Record of ``departures``, ``undecided`` or ``late``."""
    key = run_key(decision.category, decision.number)
    return Record(topic_of(decision.kind), key, _encode(decision), berlin_time.milliseconds(decision.decided_at))


def of_dead_letter(letter: DeadLetter) -> Record:
    """Record of ``dead-letters``."""
    return Record(topics.DEAD_LETTERS, letter.key, _encode(letter), berlin_time.milliseconds(letter.timestamp))


def of_prediction(prediction: Prediction) -> Record:
    """Record of ``predictions``."""
    key = run_key(prediction.category, prediction.number)
    return Record(topics.PREDICTIONS, key, _encode(prediction), berlin_time.milliseconds(prediction.decided_at))


def of_early_prediction(early: EarlyPrediction) -> Record:
    """Record of ``early-predictions``."""
    key = run_key(early.category, early.number)
    return Record(topics.EARLY_PREDICTIONS, key, _encode(early), berlin_time.milliseconds(early.told_at))


def of_outcome(outcome: Outcome) -> Record:
    """Record of ``outcomes``."""
    key = run_key(outcome.prediction.category, outcome.prediction.number)
    return Record(topics.OUTCOMES, key, _encode(outcome), berlin_time.milliseconds(outcome.known_at))


def of_early_outcome(outcome: EarlyOutcome) -> Record:
    """Record of ``early-outcomes``."""
    key = run_key(outcome.early.category, outcome.early.number)
    return Record(topics.EARLY_OUTCOMES, key, _encode(outcome), berlin_time.milliseconds(outcome.known_at))


def of_example(example: Example) -> Record:
    """Record of ``examples``."""
    key = run_key(example.category, example.number)
    return Record(topics.EXAMPLES, key, _encode(example), berlin_time.milliseconds(example.known_at))


Scored = Prediction | EarlyPrediction | Outcome | EarlyOutcome | Example
_OF_SCORED: Final[dict[type, Callable[[Any], Record]]] = {
    Prediction: of_prediction,
    EarlyPrediction: of_early_prediction,
    Outcome: of_outcome,
    EarlyOutcome: of_early_outcome,
    Example: of_example,
}


def of_scored(event: Scored) -> Record:
    """Record of the topic that an event of the operator ``score`` belongs to."""
    return _OF_SCORED[type(event)](event)
