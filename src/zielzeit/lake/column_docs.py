"""The tables of columns in ``docs/data.md``, made from the docstrings of the events' fields.

``python -m zielzeit.lake.column_docs`` writes them. ``zielzeit.features.feature_docs`` writes the table of features;
the rest of the page is written by hand.
"""

from __future__ import annotations

import msgspec
import pyarrow as pa

from zielzeit.events.structs import Decision, ModelOutput, Prediction
from zielzeit.field_docs import field_docs, markdown
from zielzeit.lake.columns import Column, nested_struct
from zielzeit.lake.table_definitions import DAY, TABLES, Table
from zielzeit.settings import ROOT

PAGE = ROOT / "docs" / "data.md"


def rewritten(page: str) -> str:
    """The page with every table of columns rewritten between ``<!-- columns: TABLE -->`` and ``<!-- end -->``."""
    for table in TABLES:
        before, begin, rest = page.partition(f"<!-- columns: {table.name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        page = f"{before}{begin}{grid(table)}\n{end}{after}"
    return page


def grid(table: Table) -> str:
    """A table's columns in Markdown, without the features, which have a table of their own."""
    rows = ["| column | type | meaning |", "|---|---|---|"]
    rows += [
        f"| `{column.name}` | {_type_name(column.type)} | {meaning(table, column)} |"
        for column in table.columns
        if not column.key
    ]
    origin = f"the date of `{table.day}` in Europe/Berlin" if table.day_is_time else "the service day of the run"
    rows.append(f"| `{DAY}` | {_type_name(pa.date32())} | The folder: {origin}. |")
    return "\n".join(rows)


def meaning(table: Table, column: Column) -> str:
    """Docstring of a column's field, from its own struct or from the event where the field appears first."""
    owner, field = table.event, column.path[-1]
    for step in column.path[:-1]:
        hints = {found.name: found.type for found in msgspec.structs.fields(owner)}
        owner = nested_struct(hints[step]) or owner
    for event in (owner, *owner.__bases__, Decision, Prediction, ModelOutput):
        if text := field_docs(event).get(field):
            return markdown(text)
    raise LookupError(f"{owner.__name__}.{field} has no docstring")


def _type_name(kind: pa.DataType) -> str:
    return str(kind).replace("item: ", "").replace("[day]", "")


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text()))
