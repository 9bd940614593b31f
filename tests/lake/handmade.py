"""A small lake made by hand, of files as Flink writes them: no suffix, times without zone that mean UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from zielzeit.lake.reading import Lake
from zielzeit.lake.table_definitions import DAY, table
from zielzeit.settings import load


def lake(folder: Path) -> Lake:
    """The lake of a folder."""
    return Lake.of(load(lake=str(folder)))


def put(folder: Path, name: str, day: str, file: str, rows: Sequence[dict[str, Any]]) -> None:
    """One file of one day; columns that the rows do not name are null."""
    schema = table(name).file_schema
    target = folder / name / f"{DAY}={day}"
    target.mkdir(parents=True, exist_ok=True)
    columns = {field.name: [_plain(row.get(field.name)) for row in rows] for field in schema}
    pq.write_table(pa.table(columns, schema=schema), target / file)


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
