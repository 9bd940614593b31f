"""Kinds of history files: which columns each generation has, and how they are converted into stop records.

Two families are known. ``stops_*.parquet`` (DerWeh/BayesianBahn) and what the simulator writes have the same columns.
The months of ``piebro/deutsche-bahn-data`` have changed their schema retroactively; they are read by column names, and
every generation until the autumn of 2026 is accepted. Rows that cannot be used are dropped by a reason with a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from training.history.stops import STOPS
from zielzeit import berlin_time
from zielzeit.boards import parse
from zielzeit.errors import UserError

BATCH_ROWS = 1_000_000
ARTEFACT = berlin_time.DAY
"""Minutes of delay from which a change of time is an artefact of the feed."""

_COMPACT = (
    "train_type", "train_number", "line", "station", "date", "planned_minute_of_day", "arr_delay_min",
    "dep_delay_min_if_differs", "cancelled",
)  # fmt: skip
_MONTHLY = (
    "station_name", "train_type", "id", "arrival_planned_time", "arrival_change_time", "departure_planned_time",
    "departure_change_time",
)  # fmt: skip
_NUMBERS = ("train_number", "train_name")  # the first one present is taken
_LINES = ("line_number", "train_line_number", "train_line")
_CANCELLED = ("is_canceled", "arrival_is_canceled", "departure_is_canceled")
_KNOWN = ("known_at",)  # of those who polled themselves; no public archive has it


def batches(path: Path) -> Iterator[tuple[pl.DataFrame, int, dict[str, int]]]:
    """Yield the stop records of a file in pieces: the records, rows read, and dropped rows by reason.

    Raises UserError where the file is not a Parquet file or lacks a column.
    """
    try:
        file = pq.ParquetFile(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is not a readable Parquet file: {error}") from None
    names = set(file.schema_arrow.names)
    compact = "planned_minute_of_day" in names
    _require(path, names, compact=compact)
    wanted = [
        name
        for name in file.schema_arrow.names
        if name in {*_COMPACT, *_MONTHLY, *_NUMBERS, *_LINES, *_CANCELLED, *_KNOWN}
    ]
    for piece in file.iter_batches(batch_size=BATCH_ROWS, columns=wanted):
        frame = pl.DataFrame(pl.from_arrow(piece)).with_columns(pl.col(pl.Categorical).cast(pl.String))
        records = _from_compact(frame) if compact else _from_monthly(frame)
        kept, dropped = _sift(records)
        yield kept, len(frame), dropped


def rows(path: Path) -> int:
    """Return the number of rows of a file, from its footer; 0 where it cannot be read (``batches`` says why)."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, ValueError):
        return 0


def _require(path: Path, names: set[str], *, compact: bool) -> None:
    missing = sorted(set(_COMPACT if compact else _MONTHLY) - names)
    if not compact:
        if not names & set(_NUMBERS):
            missing.append(" or ".join(_NUMBERS))
        if "is_canceled" not in names and not {"arrival_is_canceled", "departure_is_canceled"} <= names:
            missing.append("is_canceled (or arrival_is_canceled and departure_is_canceled)")
    if missing:
        raise UserError(
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}. Known are stops_*.parquet "
            "of BayesianBahn and the months of piebro/deutsche-bahn-data; see docs/data.md"
        )


def _from_compact(frame: pl.DataFrame) -> pl.DataFrame:
    wall = (pl.col("date").cast(pl.Int32) * berlin_time.DAY + pl.col("planned_minute_of_day")).cast(pl.Int32)
    arrival = pl.col("arr_delay_min").cast(pl.Int32)
    return frame.select(
        category="train_type",
        number="train_number",
        line=_line(frame, pl.col("line")),
        station="station",
        run=pl.lit(None, pl.String),
        wall=wall,
        wall_departure=wall,
        arrival_delay=arrival,
        departure_delay=pl.coalesce(pl.col("dep_delay_min_if_differs").cast(pl.Int32), arrival),
        arrival_cancelled="cancelled",
        departure_cancelled="cancelled",
        continues=pl.lit(False),  # these files do not tell
        known=_known(frame),
        odd=pl.lit(False),
    )


def _from_monthly(frame: pl.DataFrame) -> pl.DataFrame:
    def minutes(name: str) -> pl.Expr:
        return frame_column(name).dt.epoch("s").floordiv(60).cast(pl.Int32)

    def frame_column(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.Datetime("us"), strict=False)

    arrival, departure = minutes("arrival_planned_time"), minutes("departure_planned_time")
    late = pl.coalesce(minutes("arrival_change_time"), arrival) - arrival
    leaves_late = pl.coalesce(minutes("departure_change_time"), departure) - departure
    number = next(name for name in _NUMBERS if name in frame.columns)
    line = next((name for name in _LINES if name in frame.columns), None)
    either = "is_canceled" if "is_canceled" in frame.columns else None
    return frame.select(
        category="train_type",
        # Until 2026-04 the name holds both: "RE 4711" or "ICE 1".
        number=pl.col(number).str.extract(r"(\d+)\s*$", 1) if number == "train_name" else pl.col(number),
        line=_line(frame, pl.col(line)) if line else pl.lit("", pl.String),
        station="station_name",
        run=pl.col("id").str.replace(r"-[^-]*$", ""),
        wall=pl.coalesce(arrival, departure),
        wall_departure=pl.coalesce(departure, arrival),
        arrival_delay=late,
        departure_delay=pl.coalesce(leaves_late, late),
        arrival_cancelled=pl.col(either or "arrival_is_canceled").fill_null(False),
        departure_cancelled=pl.col(either or "departure_is_canceled").fill_null(False),
        continues=departure.is_not_null(),
        known=_known(frame),
        odd=pl.max_horizontal(late.abs(), leaves_late.abs()).fill_null(0) >= ARTEFACT,
    )


def _known(frame: pl.DataFrame) -> pl.Expr:
    """Return when a row was known. Like all times of these files it is Berlin's where it has no zone."""
    if "known_at" not in frame.columns:
        return pl.lit(None, pl.Int64)
    column, kind = pl.col("known_at"), frame.schema["known_at"]
    if not isinstance(kind, pl.Datetime) or kind.time_zone is None:
        column = column.cast(pl.Datetime("us"), strict=False)
        column = column.dt.replace_time_zone(berlin_time.BERLIN.key, ambiguous="latest", non_existent="null")
    return column.dt.epoch("ms")


def _line(frame: pl.DataFrame, line: pl.Expr) -> pl.Expr:
    """Return the line as rows of boards have it, without its category: ``RE7`` of category RE is ``7``."""
    pairs = frame.select("train_type", line=line).unique().drop_nulls()
    known = {f"{kind} {name}": parse.line(f"{kind} {name}") for kind, name in pairs.iter_rows()}
    return pl.format("{} {}", "train_type", line).replace_strict(known, default="", return_dtype=pl.String)


def _sift(records: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    reasons = {
        "no train category": pl.col("category").fill_null("") == "",
        "no train number": pl.col("number").fill_null("") == "",
        "no station": pl.col("station").fill_null("") == "",
        "no planned time": pl.col("wall").is_null(),
        "change of a day or more": pl.col("odd"),
    }
    dropped = {}
    for reason, bad in reasons.items():
        kept = records.filter(~bad)
        if len(kept) < len(records):
            dropped[reason] = len(records) - len(kept)
        records = kept
    return records.select(pl.col(name).cast(kind) for name, kind in STOPS.items()), dropped
