"""The page of topics, ``docs/topics.md``, made of their JSON Schemas: ``python -m zielzeit.events.topic_docs``."""

from __future__ import annotations

from typing import Any, Final

from zielzeit import topics
from zielzeit.events import asyncapi, json_schema

PAGE: Final = json_schema.FOLDER.parent / "docs" / "topics.md"

_HEAD: Final = """\
# Topics

Keys keep the events of one station or train in order. Record timestamps are event times, so the topics never expire by
age. All but `boards` are JSON, with a JSON Schema each in `schemas/`; `schemas/asyncapi.yaml` says the same as an
AsyncAPI document. What the last release promised is in `schemas/released/`: a later version only adds optional fields.

Read with `isolation.level=read_committed`: such a reader sees each prediction once, whatever was killed.
`ZIELZEIT_TOPIC_PREFIX` stands before each name. `./zielzeit tail TOPIC` shows a topic.

This page is made by `python -m zielzeit.events.topic_docs`.
"""


def page() -> str:
    """Return the page."""
    overview = ["| topic | key | one record is |", "|---|---|---|"]
    overview += [f"| `{name}` | {asyncapi.key(name)} | {asyncapi.meaning(name)} |" for name in topics.ALL]
    return "\n\n".join([_HEAD + "\n" + "\n".join(overview), *map(_section, json_schema.STRUCTS)]) + "\n"


def _section(topic: str) -> str:
    schema = json_schema.schema(topic)
    parts = [f"## {topic}\n\n" + _fields(schema)]
    parts += [f"`{name}`:\n\n" + _fields(nested) for name, nested in schema.get("$defs", {}).items()]
    return "\n\n".join(parts)


def _fields(definition: dict[str, Any]) -> str:
    required = set(definition.get("required", ()))
    rows = ["| field | type | meaning |", "|---|---|---|"]
    for name, value in definition["properties"].items():
        kind = _type(value) + ("" if name in required else ", optional")
        meaning = value.get("description", "").replace("|", "\\|")
        rows.append(f"| `{name}` | {kind} | {meaning} |")
    return "\n".join(rows)


def _type(value: dict[str, Any]) -> str:
    """Return the type in JSON's words."""
    if "anyOf" in value:
        return " or ".join(_type(one) for one in value["anyOf"])
    if "$ref" in value:
        return f"`{value['$ref'].rpartition('/')[2]}`"
    if "enum" in value:
        return "one of " + ", ".join("null" if one is None else f"`{one}`" for one in value["enum"])
    kind = str(value.get("type", "any"))
    if kind == "array":
        return f"array of {_type(value['items'])}" if value.get("items") else "array"
    return f"{kind} ({value['format']})" if "format" in value else kind


if __name__ == "__main__":
    PAGE.write_text(page())
