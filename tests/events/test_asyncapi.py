"""The AsyncAPI document is what the schemas say, and AsyncAPI's own schema accepts it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from zielzeit import topics
from zielzeit.events import asyncapi, json_schema, topic_docs

SCHEMA = Path(__file__).parent / "asyncapi" / "3.0.0.json"


def validate(document: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(document)


def test_the_file_is_what_the_schemas_say() -> None:
    assert asyncapi.FILE.read_text() == asyncapi.text(), "run: python -m zielzeit.events.asyncapi"


def test_the_page_is_what_the_schemas_say() -> None:
    assert topic_docs.PAGE.read_text() == topic_docs.page(), "run: python -m zielzeit.events.topic_docs"


def test_asyncapi_accepts_the_document() -> None:
    validate(yaml.safe_load(asyncapi.FILE.read_text()))


@pytest.mark.parametrize(
    "part", [("channels", "boards", "address"), ("operations", "send-late", "action"), ("info", "title")]
)
def test_asyncapi_refuses_a_document_with_a_fault(part: tuple[str, ...]) -> None:
    document = copy.deepcopy(asyncapi.document())
    inside: Any = document
    for step in part[:-1]:
        inside = inside[step]
    inside[part[-1]] = 7
    with pytest.raises(jsonschema.ValidationError):
        validate(document)


def test_every_topic_has_a_channel_an_operation_and_a_message() -> None:
    document = asyncapi.document()
    assert list(document["channels"]) == list(topics.ALL)
    assert {one["channel"]["$ref"].rpartition("/")[2] for one in document["operations"].values()} == set(topics.ALL)
    assert set(document["components"]["messages"]) == set(topics.ALL)


def test_every_reference_leads_to_something() -> None:
    document = asyncapi.document()
    found = list(references(document))
    assert {f"./{topic}.json" for topic in json_schema.STRUCTS} <= set(found)
    for reference in found:
        file, _, path = reference.partition("#/")
        if file:
            assert (asyncapi.FILE.parent / file).is_file(), reference
            continue
        inside: Any = document
        for step in path.split("/"):
            inside = inside[step]


def references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [one for each in part for one in references(each)]
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [one for each in part.values() for one in references(each)]
    return []


def test_every_field_of_a_topic_has_a_meaning() -> None:
    for topic in json_schema.STRUCTS:
        for name, value in json_schema.schema(topic)["properties"].items():
            assert value.get("description") or "$ref" in value, f"{topic}: {name} has no docstring"
