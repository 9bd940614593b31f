"""A consumer of the last release can read the topics: schemas only gain optional fields."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from zielzeit.events import compatibility, json_schema

RELEASED = sorted(compatibility.RELEASED.glob("*.json"))


def read(topic: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((compatibility.RELEASED / f"{topic}.json").read_text())
    return found


@pytest.mark.parametrize("file", RELEASED, ids=lambda file: file.stem)
def test_a_consumer_of_the_last_release_can_read_the_topic(file: Any) -> None:
    assert file.stem in json_schema.STRUCTS, "a topic of the last release is gone"
    assert compatibility.breaks(read(file.stem), json.loads(json_schema.text(file.stem))) == []


def test_the_last_release_had_topics() -> None:
    assert RELEASED


def changed(change: str) -> list[str]:
    """What breaks when the schema of outcomes is changed so."""
    old = read("outcomes")
    new = copy.deepcopy(old)
    match change:
        case "a new optional field":
            new["properties"]["more"] = {"type": "string", "default": ""}
        case "another meaning":
            new["properties"]["status"]["description"] = "What happened."
        case "a new field":
            new["properties"]["more"] = {"type": "string"}
            new["required"].append("more")
        case "a field less":
            del new["properties"]["status"]
        case "a field that may be absent":
            new["required"].remove("status")
        case "another type":
            new["properties"]["status"] = {"type": "integer"}
        case "a nested field less":
            del new["$defs"]["Prediction"]["properties"]["delay"]
        case "another nested type":
            new["$defs"]["Prediction"]["properties"]["delay"] = {"type": "number"}
    return compatibility.breaks(old, new)


@pytest.mark.parametrize("change", ["nothing", "a new optional field", "another meaning"])
def test_what_a_consumer_does_not_notice_is_allowed(change: str) -> None:
    assert changed(change) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("a new field", "more is new and not optional"),
        ("a field less", "status is gone"),
        ("a field that may be absent", "status may be absent now"),
        ("another type", "status has another type"),
        ("a nested field less", "Prediction.delay is gone"),
        ("another nested type", "Prediction.delay has another type"),
    ],
)
def test_what_breaks_a_consumer_is_told(change: str, said: str) -> None:
    assert said in changed(change)
