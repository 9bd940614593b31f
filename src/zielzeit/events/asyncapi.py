"""The topics as an AsyncAPI 3 document, made of their JSON Schemas: ``python -m zielzeit.events.asyncapi`` writes it.

Specification: AsyncAPI 3.0.0, with its Kafka bindings 0.5.0.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

from zielzeit import topics
from zielzeit.events import json_schema

FILE: Final = json_schema.FOLDER / "asyncapi.yaml"
VERSION: Final = "1.0.0"
"""Of the contract: the first number rises when a consumer would have to change."""

_HEAD: Final = "# Made by `python -m zielzeit.events.asyncapi`.\n"
_DIALECT: Final = "application/schema+json;version=2020-12"
_STATION_KEYS: Final = {topics.BOARDS, topics.DEAD_LETTERS}


def document() -> dict[str, Any]:
    """Return the document: a channel, a message and an operation for each topic."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Zielzeit's topics",
            "version": VERSION,
            "description": "Departures of trains and the delays expected at their destinations. Read with "
            "isolation.level=read_committed: each prediction is seen once. ZIELZEIT_TOPIC_PREFIX stands before each "
            "address. Record timestamps are event times.",
        },
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic) for topic in topics.ALL},
        "operations": {_action(topic) + "-" + topic: _operation(topic) for topic in topics.ALL},
        "components": {"messages": {topic: _message(topic) for topic in topics.ALL}},
    }


def text() -> str:
    """Return the document as it stands in its file."""
    return _HEAD + yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=110)


def meaning(topic: str) -> str:
    """Return in one sentence what a record of the topic is."""
    if topic == topics.BOARDS:
        return "A board: the body of a station's reply, verbatim, compressed by zstd; its origin is in the headers."
    schema = json_schema.schema(topic)
    kinds = schema["properties"].get("kind", {}).get("enum", [])
    said: str = schema["description"].replace("``", "`").partition(": topic")[0].rstrip(".")
    return said + (f": {', '.join(kinds)}." if kinds else ".")


def key(topic: str) -> str:
    """Return what the key of a record is: records of one key stay in order."""
    return "station" if topic in _STATION_KEYS else "train: category and number"


def _channel(topic: str) -> dict[str, Any]:
    return {
        "address": topic,
        "description": meaning(topic),
        "messages": {topic: {"$ref": f"#/components/messages/{topic}"}},
        "bindings": {"kafka": {"bindingVersion": "0.5.0", "topic": topic}},
    }


def _message(topic: str) -> dict[str, Any]:
    board = topic == topics.BOARDS
    payload: dict[str, Any] = (
        {"type": "string", "format": "binary"}
        if board
        else {"schemaFormat": _DIALECT, "schema": {"$ref": f"./{topic}.json"}}
    )
    return {
        "name": topic,
        "summary": meaning(topic),
        "contentType": "application/octet-stream" if board else "application/json",
        "payload": payload,
        "bindings": {
            "kafka": {"bindingVersion": "0.5.0", "key": {"type": "string", "description": key(topic).capitalize()}}
        },
    }


def _action(topic: str) -> str:
    """What the main job does with the topic."""
    return "receive" if topic == topics.BOARDS else "send"


def _operation(topic: str) -> dict[str, Any]:
    return {
        "action": _action(topic),
        "channel": {"$ref": f"#/channels/{topic}"},
        "messages": [{"$ref": f"#/channels/{topic}/messages/{topic}"}],
    }


if __name__ == "__main__":
    FILE.write_text(text())
