"""Flink's types, derived from Arrow's: in SQL, in a Python stream, and on the wire as its JSON format reads it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args, get_origin

import msgspec
import pyarrow as pa
from pyflink.common import TypeInformation, Types

from flink_jobs import sql
from zielzeit.lake.columns import TIME, arrow_type, nested_struct

_SQL = {
    pa.string(): "STRING",
    pa.binary(): "BYTES",
    pa.int32(): "INT",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    TIME: "TIMESTAMP_LTZ(3)",
}
_STREAM = {
    pa.string(): Types.STRING(),
    pa.binary(): Types.PRIMITIVE_ARRAY(Types.BYTE()),
    pa.int32(): Types.INT(),
    pa.int64(): Types.LONG(),
}


def sql_type(kind: pa.DataType) -> str:
    """A column's type in Flink SQL. Raises KeyError where there is none."""
    return f"ARRAY<{_SQL[kind.value_type]}>" if pa.types.is_list(kind) else _SQL[kind]


def stream_types(kinds: Iterable[pa.DataType]) -> list[TypeInformation]:
    """The types of a row's fields in a DataStream. Raises KeyError where there is none."""
    return [_STREAM[kind] for kind in kinds]


def wire_type(hint: Any) -> str:
    """The type of an event's field as Flink's JSON format reads it, in Flink SQL.

    Times and dates stay text, because the format knows no offset but ``Z``; ``sql.instant`` reads them.
    """
    nested = nested_struct(hint)
    if nested is not None:
        fields = (f"{sql.name(field.name)} {wire_type(field.type)}" for field in msgspec.structs.fields(nested))
        return f"ROW<{', '.join(fields)}>"
    if get_origin(hint) is dict:
        key, value = get_args(hint)
        return f"MAP<{wire_type(key)}, {wire_type(value)}>"
    kind = arrow_type(hint)
    return "STRING" if pa.types.is_temporal(kind) else sql_type(kind)
