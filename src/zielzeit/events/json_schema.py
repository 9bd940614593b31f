"""The topics' JSON Schemas, made from the structs of ``zielzeit.events.structs``; ``python -m
zielzeit.events.json_schema`` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from zielzeit import topics
from zielzeit.events import structs
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
from zielzeit.events.topic_record import topic_of
from zielzeit.field_docs import field_docs

FOLDER = Path(__file__).resolve().parents[3] / "schemas"

STRUCTS: dict[str, type[msgspec.Struct]] = {
    topics.DEPARTURES: Decision,
    topics.UNDECIDED: Decision,
    topics.LATE: Decision,
    topics.DEAD_LETTERS: DeadLetter,
    topics.PREDICTIONS: Prediction,
    topics.EARLY_PREDICTIONS: EarlyPrediction,
    topics.OUTCOMES: Outcome,
    topics.EARLY_OUTCOMES: EarlyOutcome,
    topics.EXAMPLES: Example,
}
"""What each topic carries as JSON; ``boards`` carries bodies verbatim."""

_OWNERS: Final = (structs.ModelOutput, Prediction, Decision)
"""Structs whose fields stand in other events too, without a docstring there; the last one prevails."""


def schema(topic: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of a topic's values. Of a decision's kinds it has those that the topic carries."""
    _, components = msgspec.json.schema_components([STRUCTS[topic]], ref_template="#/$defs/{name}")
    _describe(components)
    definition: dict[str, Any] = components.pop(STRUCTS[topic].__name__)
    if STRUCTS[topic] is Decision:
        kinds: tuple[Kind, ...] = get_args(Kind)
        definition["properties"]["kind"]["enum"] = sorted(kind for kind in kinds if topic_of(kind) == topic)
    nested = {"$defs": components} if components else {}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"zielzeit/{topic}.json"}
    return head | definition | nested


def _describe(components: dict[str, Any]) -> None:
    """Add the docstring of its field to each property that says nothing about itself, here or in its definition."""
    known = {name: text for owner in _OWNERS for name, text in field_docs(owner).items()}
    for name, definition in components.items():
        own = {key: text for owner in _structs(name) for key, text in field_docs(owner).items()}
        for key, value in definition.get("properties", {}).items():
            if text := own.get(key) or known.get(key):
                value["description"] = text.replace("``", "`").replace("None", "null")


def _structs(name: str) -> list[type]:
    """The struct of this name and its bases, bases first."""
    found = next((one for one in vars(structs).values() if getattr(one, "__name__", "") == name), object)
    return list(reversed(found.__mro__))


def text(topic: str) -> bytes:
    """The schema as it stands in its file."""
    return msgspec.json.format(msgspec.json.encode(schema(topic)), indent=2) + b"\n"


if __name__ == "__main__":
    for name in STRUCTS:
        (FOLDER / f"{name}.json").write_bytes(text(name))
