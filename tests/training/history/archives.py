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


def with_names(frame: pl.DataFrame) -> pl.DataFrame:
    """The month as until April 2026: the name is category and line, or the category alone."""
    name = pl.concat_str("train_type", pl.col("line_number").str.strip_prefix("RE"), separator=" ", ignore_nulls=True)
    return frame.with_columns(train_name=name).drop("train_number", "line_number")


def oldest(frame: pl.DataFrame, *, dated: bool) -> pl.DataFrame:
    """The month as until autumn 2025: no id; the ride's id with the start of the run, or the same every day."""
    ride = pl.col("id").str.replace(r"-\d+$" if dated else r"-\d{10}-\d+$", "")
    frame = with_one_flag(with_names(frame)).with_columns(train_line_ride_id=ride)
    return frame.drop("id", "xml_station_name", "eva").rename({"station_name": "station"})


def two_trains_of_a_line(day: str = "2026-03-10") -> list[Row]:
    """Two trains of RE 7 that meet at B in one minute, and a train without a line."""
    date = day.replace("-", "")[2:]
    to, back, other = f"-501-{date}1130", f"777-{date}1131", f"888-{date}1140"
    rb = ("RB", "61001", None)
    return [
        stop("A", None, f"{day} 11:30", late=(0, 1), run=to, position=1),
        stop("B", f"{day} 12:00", f"{day} 12:02", late=(2, 2), run=to, position=2),
        stop("C", f"{day} 12:30", None, late=(3, 0), run=to, position=3),
        stop("C", None, f"{day} 11:31", late=(0, 10), run=back, position=1, train=("RE", "26002", "RE7")),
        stop("B", f"{day} 12:00", f"{day} 12:02", late=(11, 12), run=back, position=2, train=("RE", "26002", "RE7")),
        stop("A", f"{day} 12:31", None, late=(13, 0), run=back, position=3, train=("RE", "26002", "RE7")),
        stop("A", None, f"{day} 11:40", run=other, position=1, train=rb),
        stop("D", f"{day} 11:55", None, late=(1, 0), run=other, position=2, train=rb),
    ]


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
