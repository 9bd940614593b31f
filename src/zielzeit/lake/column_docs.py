"""The tables of columns in ``docs/data.md``, made from the events' docstrings; ``python -m
zielzeit.lake.column_docs`` writes them.

The rest of the page is written by hand, the meaning of each feature too.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise

from zielzeit.events.structs import Decision, Prediction
from zielzeit.lake.table_definitions import DAY, TABLES, Column, Table
from zielzeit.settings import ROOT

PAGE = ROOT / "docs" / "data.md"

_RECORD = {
    "station": "Whose board it is, as the poller was told: a name, an EVA number or a DS100 code.",
    "polled_at": "When it was asked for; its event time.",
    "body": "The response's body as it came, a zstd frame or plain (`zielzeit.boards.parse.unpack`).",
    "source": "`poll` or `replay`.",
    "url": "The request, or the recording's folder and file.",
    "status": "HTTP status.",
    "content_type": "What the server called the body.",
    "kafka_partition": "Partition of the topic that the board was read from.",
    "kafka_offset": "Its offset there. With the partition it is the board's identity.",
}


def rewritten(page: str) -> str:
    """The page with every table of columns made anew, between ``<!-- columns: TABLE -->`` and ``<!-- end -->``."""
    for table in TABLES:
        before, begin, rest = page.partition(f"<!-- columns: {table.name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        page = f"{before}{begin}{grid(table)}\n{end}{after}"
    return page


def grid(table: Table) -> str:
    """A table's columns in Markdown; features are left to the page itself."""
    rows = ["| column | type | meaning |", "|---|---|---|"]
    rows += [
        f"| `{column.name}` | {column.type} | {meaning(table, column)} |"
        for column in table.columns
        if column.source != "features"
    ]
    time = "polled_at" if table.event is None else table.day
    origin = "the service day of the run" if time == "service_day" else f"the date of `{time}` in Europe/Berlin"
    rows.append(f"| `{DAY}` | DATE | The folder: {origin}. |")
    return "\n".join(rows)


def meaning(table: Table, column: Column) -> str:
    """What the source says of a column: in its own event, else in that where the field appears first."""
    if table.event is None:
        return _RECORD[column.name]
    for event in (table.event, Decision, Prediction):
        if text := field_docs(event).get(column.source):
            return text.replace("``", "`").replace("|", "\\|").replace("None", "null")
    raise LookupError(f"{table.event.__name__}.{column.source} has no docstring")


def field_docs(owner: type) -> dict[str, str]:
    """Field → the string literal below it, as one line; Python itself forgets them."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    fields = pairwise(body.body) if isinstance(body, ast.ClassDef) else ()
    return {
        field.target.id: " ".join(str(below.value.value).split())
        for field, below in fields
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
    }


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text()))
