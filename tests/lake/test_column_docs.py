"""docs/data.md says what the code says, of every column."""

from __future__ import annotations

import re

import pytest

from zielzeit.lake import column_docs
from zielzeit.lake.table_definitions import TABLES, Table


def test_the_tables_of_columns_are_what_the_code_says() -> None:
    written = column_docs.PAGE.read_text()
    assert written == column_docs.rewritten(written), "run: python -m zielzeit.lake.column_docs"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_is_in_its_tables_section(table: Table) -> None:
    section = column_docs.PAGE.read_text().split(f"\n## {table.name}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert rows == sorted(rows, key=rows.index), table.name
    assert {column.name for column in table.columns} | {"day"} == set(rows)
