"""Events as records of their topics: which topic, which key, which bytes, which time."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from udfs import clock, topics
from udfs.events import DeadLetter, Decision, Prediction
from udfs.following import Ending
from udfs.forecasting import Scored, outcome

_encode = msgspec.json.Encoder().encode
_TOPIC_OF_KIND = {"undecided": topics.UNDECIDED, "late": topics.LATE}


class Record(NamedTuple):
    """A record for Kafka; ``at`` is its event time in milliseconds since 1970 UTC."""

    topic: str
    key: str
    value: bytes
    at: int


def run_key(category: str, number: str) -> str:
    """What follows a run: a train's events share a key, so that they stay in order on their topics."""
    return f"{category} {number}"


def of_decision(decision: Decision) -> Record:
    """Record of ``departures``, ``undecided`` or ``late``."""
    topic = _TOPIC_OF_KIND.get(decision.kind, topics.DEPARTURES)
    key = run_key(decision.category, decision.number)
    return Record(topic, key, _encode(decision), clock.milliseconds(decision.decided_at))


def of_dead_letter(letter: DeadLetter) -> Record:
    """Record of ``dead-letters``."""
    return Record(topics.DEAD_LETTERS, letter.key, _encode(letter), clock.milliseconds(letter.timestamp))


def of_prediction(prediction: Prediction) -> Record:
    """Record of ``predictions``."""
    key = run_key(prediction.category, prediction.number)
    return Record(topics.PREDICTIONS, key, _encode(prediction), clock.milliseconds(prediction.decided_at))


def of_outcome(scored: Scored, ending: Ending, known_at: datetime) -> tuple[Record, Record]:
    """Records of ``outcomes`` and ``examples``."""
    happened, example = outcome(scored, ending, known_at)
    key, at = run_key(happened.category, happened.number), clock.milliseconds(known_at)
    return Record(topics.OUTCOMES, key, _encode(happened), at), Record(topics.EXAMPLES, key, _encode(example), at)
