"""Rows of archives, made up: the present generation of monthly files and the compact columns."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from training import examples
from training.history.importing import Report, import_history
from training.history.moments import Moments

MOMENTS = Moments(decision=14.5, label=30.0)
Row = dict[str, Any]
TIMES = ("arrival_planned_time", "arrival_change_time", "departure_planned_time", "departure_change_time")
MONTHLY = {
    "station_name": pl.String(),
    "xml_station_name": pl.String(),
    "eva": pl.String(),
    "train_type": pl.String(),
    "train_number": pl.String(),
    "line_number": pl.String(),
    "train_line_ride_id": pl.String(),
    "train_line_station_num": pl.Int32(),
    "id": pl.String(),
    **dict.fromkeys(TIMES, pl.Datetime("us")),
    "arrival_is_canceled": pl.Boolean(),
    "departure_is_canceled": pl.Boolean(),
    "is_additional_stop": pl.Boolean(),
}
COMPACT = {
    "train_type": pl.String(),
    "train_number": pl.String(),
    "line": pl.String(),
    "station": pl.String(),
    "eva": pl.String(),
    "date": pl.Date(),
    "planned_minute_of_day": pl.Int16(),
    "arr_delay_min": pl.Int16(),
    "dep_delay_min_if_differs": pl.Int16(),
    "cancelled": pl.Boolean(),
}
TRAIN = ("RE", "26001", "RE7")


def stop(
    station: str,
    arrival: str | None,
    departure: str | None,
    *,
    late: tuple[int | None, int | None] = (0, 0),
    cancelled: tuple[bool, bool] = (False, False),
    run: str = "-501-2603101130",
    position: int = 1,
    train: tuple[str, str, str | None] = TRAIN,
    additional: bool = False,
) -> Row:
    """One row of a monthly file; planned times as ``2026-03-10 11:30``, ``late``: minutes at arrival and departure."""
    planned = [None if at is None else datetime.fromisoformat(at) for at in (arrival, departure)]
    change = [
        None if at is None or minutes is None else at + timedelta(minutes=minutes)
        for at, minutes in zip(planned, late, strict=True)
    ]
    category, number, line = train
    return {
        "station_name": station,
        "xml_station_name": station,
        "eva": None,
        "train_type": category,
        "train_number": number,
        "line_number": line,
        "train_line_ride_id": run.rpartition("-")[0],
        "train_line_station_num": position,
        "id": f"{run}-{position}",
        "arrival_planned_time": planned[0],
        "arrival_change_time": change[0],
        "departure_planned_time": planned[1],
        "departure_change_time": change[1],
        "arrival_is_canceled": cancelled[0],
        "departure_is_canceled": cancelled[1],
        "is_additional_stop": additional,
    }


def monthly(*rows: Row) -> pl.DataFrame:
    """A month of the present generation."""
    return pl.DataFrame(rows, schema=MONTHLY)


def with_one_flag(frame: pl.DataFrame) -> pl.DataFrame:
    """The month as until July 2026: one flag for arrival and departure."""
    either = pl.col("arrival_is_canceled") | pl.col("departure_is_canceled")
    return frame.with_columns(is_canceled=either).drop(
        "arrival_is_canceled", "departure_is_canceled", "is_additional_stop"
    )


def call(
    station: str,
    at: str,
    late: int | None,
    leaves_late: int | None = None,
    *,
    cancelled: bool = False,
    train: tuple[str, str, str | None] = TRAIN,
) -> Row:
    """One row of the compact columns."""
    planned = datetime.fromisoformat(at)
    category, number, line = train
    return {
        "train_type": category,
        "train_number": number,
        "line": line,
        "station": station,
        "eva": None,
        "date": date(planned.year, planned.month, planned.day),
        "planned_minute_of_day": 60 * planned.hour + planned.minute,
        "arr_delay_min": late,
        "dep_delay_min_if_differs": leaves_late,
        "cancelled": cancelled,
    }


def compact(*rows: Row) -> pl.DataFrame:
    """A file of the compact columns."""
    return pl.DataFrame(rows, schema=COMPACT)


def imported(frame: pl.DataFrame, folder: Path) -> tuple[pl.DataFrame, Report]:
    """The examples that the rows give in a new folder, by time and station, and the import's report."""
    path, out = folder / "rows.parquet", folder / "out"
    frame.write_parquet(path)
    report = import_history([path], out, MOMENTS)
    return examples.read(out).sort("scheduled", "station"), report


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every file below a folder with its bytes, and every folder."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}
