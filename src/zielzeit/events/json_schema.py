"""The topics' JSON Schemas, made from the structs of ``zielzeit.events.structs``; ``python -m
zielzeit.events.json_schema`` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import msgspec

from zielzeit import topics
from zielzeit.events.structs import DeadLetter, Decision, EarlyPrediction, Example, Kind, Outcome, Prediction
from zielzeit.events.topic_record import topic_of

FOLDER = Path(__file__).resolve().parents[3] / "schemas"

STRUCTS: dict[str, type[msgspec.Struct]] = {
    topics.DEPARTURES: Decision,
    topics.UNDECIDED: Decision,
    topics.LATE: Decision,
    topics.DEAD_LETTERS: DeadLetter,
    topics.PREDICTIONS: Prediction,
    topics.EARLY_PREDICTIONS: EarlyPrediction,
    topics.OUTCOMES: Outcome,
    topics.EXAMPLES: Example,
}
"""What each topic carries as JSON; ``boards`` carries bodies verbatim."""


def schema(topic: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of a topic's values. Of a decision's kinds it has those that the topic carries."""
    _, components = msgspec.json.schema_components([STRUCTS[topic]], ref_template="#/$defs/{name}")
    definition: dict[str, Any] = components.pop(STRUCTS[topic].__name__)
    if STRUCTS[topic] is Decision:
        kinds: tuple[Kind, ...] = get_args(Kind)
        definition["properties"]["kind"] = {"enum": sorted(kind for kind in kinds if topic_of(kind) == topic)}
    nested = {"$defs": components} if components else {}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"zielzeit/{topic}.json"}
    return head | definition | nested


def text(topic: str) -> bytes:
    """The schema as it stands in its file."""
    return msgspec.json.format(msgspec.json.encode(schema(topic)), indent=2) + b"\n"


if __name__ == "__main__":
    for name in STRUCTS:
        (FOLDER / f"{name}.json").write_bytes(text(name))
