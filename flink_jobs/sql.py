"""Pieces of Flink SQL as text, with names and literals quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# ISO 8601 as msgspec writes it: a fraction only where there is one, an offset or Z at the end.
_OFFSET = "(Z|[+-][0-9:]{5})$"
_FORMAT = "yyyy-MM-dd'T'HH:mm:ss[.SSSSSS]"


def name(identifier: str) -> str:
    """A quoted name of a table or column."""
    return "`" + identifier.replace("`", "``") + "`"


def text(value: str) -> str:
    """A quoted string literal."""
    return "'" + value.replace("'", "''") + "'"


def create(table: str, fields: Sequence[str], options: Mapping[str, str], *, partitioned_by: str = "") -> str:
    """The DDL of a temporary table; ``fields`` are the definitions of columns, metadata columns and watermarks."""
    partitions = f"PARTITIONED BY ({name(partitioned_by)})" if partitioned_by else ""
    listed = ", ".join(f"{text(key)} = {text(value)}" for key, value in options.items())
    return f"CREATE TEMPORARY TABLE {name(table)} ({', '.join(fields)}) {partitions} WITH ({listed})"


def instant(expression: str) -> str:
    """A TIMESTAMP_LTZ(3) expression for an ISO 8601 text with any offset; Flink's JSON format reads only ``Z``."""
    local = f"REGEXP_EXTRACT({expression}, {text('^(.+?)' + _OFFSET)}, 1)"
    offset = f"REGEXP_EXTRACT({expression}, {text('^(.+?)' + _OFFSET)}, 2)"
    return f"TO_TIMESTAMP_LTZ({local}, {text(_FORMAT)}, {offset})"
