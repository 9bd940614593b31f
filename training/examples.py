"""Examples on disk: train, features and label of each departure, as Parquet with one folder per service day.

``DIR/day=YYYY-MM-DD/`` holds one file from the history import, or many from the storage job (``LAKE/examples``). A name
that begins with a dot is an unfinished file, a folder that begins with ``_`` is not a day. Both sources have the same
columns; ``read`` casts wider numbers and other units of time to ``SCHEMA`` and drops further columns.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl
from pyarrow import fs

from zielzeit.errors import UserError
from zielzeit.features.definition import FEATURES
from zielzeit.lake.reading import Lake

TIME = pl.Datetime("ms", "UTC")
ABOUT = pl.Schema(
    {
        "category": pl.String(),
        "number": pl.String(),
        "line": pl.String(),
        "station": pl.String(),
        "station_eva": pl.String(),
        "destination": pl.String(),
        "destination_eva": pl.String(),
        "scheduled": TIME,
        "decided_at": TIME,
    }
)
_SINCE_NOVEMBER_2026 = ("station_eva", "destination_eva")
"""Columns that older examples lack; they are null there."""
LABEL = pl.Schema(
    {
        "final_delay": pl.Float32(),  # at the destination; null where cancelled or unknown
        "cancelled": pl.Boolean(),  # the destination was not reached; null where unknown
        "labelled_at": TIME,
    }
)
SCHEMA = pl.Schema({**ABOUT, **LABEL, **dict.fromkeys(FEATURES, pl.Float32())})


def days(folder: Path) -> list[date]:
    """The service days that have examples, ascending."""
    found = []
    for path in folder.glob("day=*"):
        try:
            day = date.fromisoformat(path.name.removeprefix("day="))
        except ValueError:
            continue
        if _files(folder, day):
            found.append(day)
    return sorted(found)


def write_day(folder: Path, day: date, examples: pl.DataFrame) -> None:
    """Replace one day's examples in one step."""
    target = folder / f"day={day}"
    target.mkdir(parents=True, exist_ok=True)
    write_atomically(examples.select(SCHEMA.names()), target / "part-0.parquet")


def write_atomically(frame: pl.DataFrame, path: Path) -> None:
    """Write a Parquet file by way of a hidden draft, so that readers never see an unfinished one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    frame.write_parquet(draft, compression="zstd", compression_level=1, statistics=True)
    draft.replace(path)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file by way of a hidden draft."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def read(
    folder: Path, first: date | None = None, last: date | None = None, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """Examples of the service days from ``first`` to ``last``, both included, with their ``day``.

    Raises UserError where the folder has no examples in that time, or examples of other features.
    """
    known = days(folder)
    if not known:
        raise UserError(f"{folder} holds no examples (day=…/*.parquet): make some with `zielzeit history import`")
    wanted = [day for day in known if (first is None or day >= first) and (last is None or day <= last)]
    if not wanted:
        raise UserError(f"{folder} has examples from {known[0]} to {known[-1]}, none from {first} to {last}")
    return pl.concat(
        _read_file(path, columns or SCHEMA.names()).with_columns(day=pl.lit(day))
        for day in wanted
        for path in _files(folder, day)
    )


def fingerprint(folder: Path, days: Sequence[date]) -> tuple[str, list[dict[str, str | int]]]:
    """A SHA-256 over the examples' files of some days, and the files with their sizes."""
    whole = hashlib.sha256()
    files: list[dict[str, str | int]] = []
    for day in days:
        for path in _files(folder, day):
            content = path.read_bytes()
            whole.update(content)
            files.append({"file": str(path.relative_to(folder)), "bytes": len(content)})
    return whole.hexdigest(), files


def _files(folder: Path, day: date) -> list[Path]:
    table = folder.resolve()
    lake = Lake(fs.LocalFileSystem(), str(table.parent))
    return [folder / f"day={day}" / file.name for file in lake.visible(table.name, str(day))]


def _read_file(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    needed = {*columns, "final_delay"} if "cancelled" in columns else {*columns}
    try:
        lacking = needed.intersection(_SINCE_NOVEMBER_2026) - pl.read_parquet_schema(path).keys()
        frame = pl.read_parquet(path, columns=sorted(needed - lacking), hive_partitioning=False)
        frame = frame.with_columns(pl.lit(None, SCHEMA[name]).alias(name) for name in sorted(lacking))
    except pl.exceptions.ColumnNotFoundError as error:
        raise UserError(
            f"{path} was made with other features ({str(error).splitlines()[0]}): run `zielzeit history import` again"
        ) from None
    except (pl.exceptions.ComputeError, OSError) as error:
        raise UserError(f"{path} is not a readable Parquet file: {str(error).splitlines()[0]}") from None
    return frame.select(_normal(name, frame.schema[name]) for name in columns)


def _normal(name: str, found: pl.DataType) -> pl.Expr:
    """A column as ``SCHEMA`` has it. Times without a zone are UTC."""
    column, wanted = pl.col(name), SCHEMA[name]
    if isinstance(found, pl.Datetime) and found.time_zone is None:
        column = column.dt.replace_time_zone("UTC")
    column = column.cast(wanted)
    if name in FEATURES:
        return column.fill_null(float("nan"))
    if name == "cancelled":  # a run that nobody saw arrive, nor be cancelled, has no label
        return pl.when(column | pl.col("final_delay").is_not_null()).then(column).otherwise(None).alias(name)
    return column
