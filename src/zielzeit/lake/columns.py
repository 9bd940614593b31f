"""Columns of Parquet tables, derived from the fields of structs. Arrow's types are the truth; Flink's follow from them.

Pure: no files, no Flink.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec
import pyarrow as pa

from zielzeit.berlin_time import Milliseconds
from zielzeit.boards.record import Int64

TIME = pa.timestamp("ms", "UTC")
"""An instant in milliseconds, as readers see it."""

_TYPES: dict[Any, pa.DataType] = {
    str: pa.string(),
    bytes: pa.binary(),
    int: pa.int32(),
    Int64: pa.int64(),
    Milliseconds: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    datetime: TIME,
    date: pa.date32(),
    tuple[str, ...]: pa.list_(pa.string()),
}


class Column(NamedTuple):
    """A column. Every column may be null, because a record of an older version may lack a field."""

    name: str
    type: pa.DataType
    path: tuple[str, ...]
    """Fields from the event to the value: one, or more where a struct is nested."""
    key: str = ""
    """Key of the value where the last field is a dictionary."""


def columns_of(event: type[msgspec.Struct], path: tuple[str, ...] = ()) -> Iterator[Column]:
    """Columns of an event's fields in their order; a nested struct's fields become columns of their own.

    Where a nested struct has a field of the same name as the event (``id``), the event's is the column. Raises
    TypeError for a field of a type that has no column.
    """
    fields = msgspec.structs.fields(event)
    own = {field.name for field in fields}
    for field in fields:
        nested = nested_struct(field.type)
        if nested is None:
            yield Column(field.name, arrow_type(field.type), (*path, field.name))
        else:
            yield from (column for column in columns_of(nested, (*path, field.name)) if column.name not in own)


def nested_struct(hint: Any) -> type[msgspec.Struct] | None:
    """The struct that a field holds; None if it holds something else."""
    return hint if isinstance(hint, type) and issubclass(hint, msgspec.Struct) else None


def arrow_type(hint: Any) -> pa.DataType:
    """The column type of a field's type, optional or not. Raises TypeError where there is none."""
    if get_origin(hint) is Literal:
        return pa.string()
    if get_origin(hint) in (Union, types.UnionType):
        (some,) = (part for part in get_args(hint) if part is not type(None))
        return arrow_type(some)
    if hint not in _TYPES:
        raise TypeError(f"no column type for {hint}")
    return _TYPES[hint]
