"""The lake's tables and their columns, made from the events' structs. Pure: no Flink, no files.

``LAKE/<table>/day=YYYY-MM-DD/<file>``. A column bears the name of the struct's field; ``docs/data.md``
says what is in it.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

from zielzeit import topics
from zielzeit.errors import UserError
from zielzeit.events.structs import Decision, Example, Outcome, Prediction
from zielzeit.features.definition import FEATURES

DAY = "day"
"""The partition: a date of Europe/Berlin."""

Type = Literal["STRING", "BYTES", "INT", "BIGINT", "DOUBLE", "BOOLEAN", "TIMESTAMP_LTZ(3)", "ARRAY<STRING>", "DATE"]

_TYPES: dict[Any, Type] = {
    str: "STRING",
    bytes: "BYTES",
    int: "INT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    datetime: "TIMESTAMP_LTZ(3)",
    date: "DATE",
    tuple[str, ...]: "ARRAY<STRING>",
}


class Column(NamedTuple):
    """One column. Every one may be null: a record that an older version wrote may lack a field."""

    name: str
    type: Type
    source: str
    """Field of the event, or metadata of the record."""
    member: str = ""
    """Which one, of a field that is a dictionary."""


class Table(NamedTuple):
    """One table."""

    name: str
    topics: tuple[str, ...]
    """What it keeps."""
    event: type[msgspec.Struct] | None
    """What a record of these topics is; None: bytes as they came."""
    columns: tuple[Column, ...]
    day: str
    """Field of the event that tells a row's day: a date, or the time whose Berlin date it is."""


def columns_of(event: type[msgspec.Struct]) -> Iterator[Column]:
    """Columns of an event's fields. Raises TypeError for a field of a type that no column has."""
    for field in msgspec.structs.fields(event):
        yield Column(field.name, sql_type(field.type), field.name)


def sql_type(hint: Any) -> Type:
    """The column type of a field's type, optional or not."""
    if get_origin(hint) is Literal:
        return "STRING"
    if get_origin(hint) in (Union, types.UnionType):
        (some,) = (part for part in get_args(hint) if part is not type(None))
        return sql_type(some)
    if hint not in _TYPES:
        raise TypeError(f"no column type for {hint}")
    return _TYPES[hint]


def table(name: str) -> Table:
    """The table of this name. Raises UserError where there is none."""
    for one in TABLES:
        if one.name == name:
            return one
    raise UserError(f"the lake has no table {name!r}; it has {', '.join(one.name for one in TABLES)}")


def _example_columns() -> Iterator[Column]:
    """As ``history import`` makes them: the delay is a feature of that name, the service day is the partition."""
    for field in msgspec.structs.fields(Example):
        if field.name not in ("delay", "features", "service_day"):
            name = "labelled_at" if field.name == "known_at" else field.name
            yield Column(name, sql_type(field.type), field.name)
    for name in FEATURES:
        yield Column(name, "DOUBLE", "features", name)


TABLES = (
    Table(
        topics.BOARDS,
        (topics.BOARDS,),
        None,
        (
            Column("station", "STRING", "station"),
            Column("polled_at", "TIMESTAMP_LTZ(3)", "timestamp"),
            Column("body", "BYTES", "body"),
            Column("source", "STRING", "headers", "source"),
            Column("url", "STRING", "headers", "url"),
            Column("status", "STRING", "headers", "status"),
            Column("content_type", "STRING", "headers", "content-type"),
            Column("kafka_partition", "INT", "partition"),
            Column("kafka_offset", "BIGINT", "offset"),
        ),
        "timestamp",
    ),
    Table(
        topics.DEPARTURES,
        topics.DECISIONS,
        Decision,
        tuple(columns_of(Decision)),
        "decided_at",
    ),
    Table(topics.PREDICTIONS, (topics.PREDICTIONS,), Prediction, tuple(columns_of(Prediction)), "decided_at"),
    Table(topics.OUTCOMES, (topics.OUTCOMES,), Outcome, tuple(columns_of(Outcome)), "known_at"),
    Table(topics.EXAMPLES, (topics.EXAMPLES,), Example, tuple(_example_columns()), "service_day"),
)
