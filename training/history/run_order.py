"""Stop records in the order of their runs, each stop once, and where each run begins.

A run is what the source names so. Where the source names none it is the stops of one train (category and number) that
may be one run (``zielzeit.runs.same_run``): stops up to four hours apart, and further apart where the later stop has an
arrival, so that the train came from somewhere, and no station occurs on both sides. What several archives tell of one
run is put together by ``training.history.overlaps``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl

from training.history import column_types
from training.history.overlaps import overlaps_resolved
from training.history.stops import FLAGS
from zielzeit import berlin_time
from zielzeit.runs.same_run import may_be_one_run

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_TEXTS = ("category", "number", "station", "line")
_LONGEST_PAUSE = 12 * 60
"""Minutes between two stops of a run whose name is used again the next day."""
_REPEATED_FROM, _REPEATED_UNTIL = 2 * 60, 3 * 60
"""Minutes of the day between which wall times exist twice, once a year."""
_STOP = ["run_code", "train_category", "train_number", "station_code", "wall"]
"""Columns that identify a stop."""


class Runs(NamedTuple):
    """Stop records by run and time."""

    frame: pl.DataFrame
    """The columns of ``training.history.stops``; texts are replaced by codes (``station_code``). ``planned`` and
    ``planned_departure`` are instants, minutes since 1970 UTC."""
    start: Flags
    """True at the first stop of each run."""
    extended: Flags
    """True at the last stop by the timetable of each run that went on to an additional stop."""
    texts: dict[str, pl.Series]
    """The text of each code."""
    left_out: dict[str, int]
    """Rows that were dropped, by reason."""


def runs_of(stops: pl.DataFrame) -> Runs:
    """Return the runs of all stop records. The result does not depend on the order of the records."""
    frame, texts, names = _coded(stops.with_columns(pl.col(FLAGS).fill_null(value=False)))
    count = len(frame)
    ordered = _in_order(_planned(frame))
    start = _starts(ordered)
    frame = overlaps_resolved(ordered, start, texts, names)
    if frame is not ordered:
        frame = _in_order(frame)
        start = _starts(frame)
    left_out = {"same stop again": count - len(frame)}
    keep, extended = _up_to_the_planned_end(frame, start)
    left_out["additional stop after the planned end"] = int((~keep).sum())
    if not keep.all():
        frame, start, extended = frame.filter(pl.Series(keep)), start[keep], extended[keep]
    return Runs(frame, start, extended, texts, left_out)


def by_value(values: Ints | Floats, function: Callable[[int], float]) -> Floats:
    """Return the function of every value; it is called once for each value that occurs."""
    codes, uniques = pd.factorize(values)
    found: Floats = np.array([function(int(value)) for value in uniques], dtype=np.float64)[codes]
    return found


def _coded(stops: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, pl.Series], pl.Series]:
    """Return the records with texts replaced by codes in alphabetical order, the texts, and the names of the runs. A
    missing run is -1."""
    codes, texts = [], {}
    for name in _TEXTS:
        column = stops[name].fill_null("")
        texts[name] = column.unique().sort()
        codes.append(column.cast(pl.Enum(texts[name])).to_physical().cast(pl.Int32).alias(f"{name}_code"))
    names = stops["run"].drop_nulls().unique().sort()
    codes.append(stops["run"].cast(pl.Enum(names)).to_physical().cast(pl.Int32).fill_null(-1).alias("run_code"))
    return stops.drop(*_TEXTS, "run").with_columns(codes), texts, names


def _planned(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the records with the instants of their planned times, and with what tells trains apart without a run."""
    named = pl.col("run_code") >= 0
    frame = frame.with_columns(
        planned=_instants(frame, "wall", "instant"),
        planned_departure=_instants(frame, "wall_departure", "instant_departure"),
        train_category=pl.when(named).then(-1).otherwise("category_code"),
        train_number=pl.when(named).then(-1).otherwise("number_code"),
    )
    in_hour = (pl.col("wall") % berlin_time.DAY).is_between(_REPEATED_FROM, _REPEATED_UNTIL - 1)
    leaves_in_hour = (pl.col("wall_departure") % berlin_time.DAY).is_between(_REPEATED_FROM, _REPEATED_UNTIL - 1)
    wall_only = pl.col("instant").is_null() | pl.col("instant_departure").is_null()
    rows = frame.with_row_index().filter(wall_only & (in_hour | leaves_in_hour))
    if not any(berlin_time.is_repeated(berlin_time.WallMinutes(wall)) for wall in _walls(rows)):
        return frame
    return _with_second_passes(frame, rows)


def _walls(rows: pl.DataFrame) -> set[int]:
    return set(rows["wall"].unique()) | set(rows["wall_departure"].unique())


def _instants(frame: pl.DataFrame, wall: str, instant: str) -> pl.Series:
    """Instants as the source has them, else of wall times, in the first pass of the hour that autumn repeats."""
    of_wall = column_types.instants(frame[wall], 0).cast(pl.Int32)
    return of_wall if frame[instant].null_count() == len(frame) else frame[instant].zip_with(
        frame[instant].is_not_null(), of_wall
    )  # fmt: skip


def _with_second_passes(frame: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the records with wall times put into the second pass where the run's order of stops says so."""
    named = rows.filter(pl.col("run_code") >= 0)["run_code"].unique()
    of_runs = frame.with_row_index().filter(pl.col("run_code").is_in(named.implode()) & ~pl.col("additional"))
    alone = rows.join(of_runs.select("index"), on="index", how="anti")
    planned, leaving = (frame[name].to_numpy().copy() for name in ("planned", "planned_departure"))
    order = of_runs.sort("run_code", "position", "wall", nulls_last=True)
    run, before = None, 0
    for row in (*order.iter_rows(named=True), *alone.iter_rows(named=True)):
        index = row["index"]
        # A run whose name is used again has stops of many days: its order is only that of one day.
        if row["run_code"] != run or row["run_code"] < 0 or row["run_again"] or row["position"] is None:
            run, before = row["run_code"], 0
        for instants, wall, instant in ((planned, "wall", "instant"), (leaving, "wall_departure", "instant_departure")):
            minute = berlin_time.WallMinutes(row[wall])
            if row[instant] is None and instants[index] < before and berlin_time.is_repeated(minute):
                instants[index] = berlin_time.wall_to_utc(minute, 1)
            before = max(before, int(instants[index]))
    return frame.with_columns(planned=pl.Series(planned), planned_departure=pl.Series(leaving))


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the records by run and time, each stop once.

    Of two records of one stop the one that sorts last is kept, so the order of the files does not matter.
    """
    ordered = frame.sort(
        "run_code", "train_category", "train_number", "planned", "position", "station_code", "number_code",
        "category_code", "arrival_cancelled", "departure_cancelled", "arrival_delay", "departure_delay", "line_code",
        "known", *(name for name in FLAGS if not name.endswith("_cancelled")), "planned_departure",
    )  # fmt: skip
    return ordered.unique(subset=_STOP, keep="last", maintain_order=True)


def _starts(frame: pl.DataFrame) -> Flags:
    """Return which stops are the first of their run."""
    other = frame.select(
        pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in _STOP[:3])
    ).to_series().to_numpy()  # fmt: skip
    planned = frame["planned"].to_numpy()
    apart = np.diff(planned, prepend=planned[:1])
    unnamed = frame["run_code"].to_numpy() < 0
    start: Flags = other | (unnamed & ~may_be_one_run(apart))
    start[:1] = True
    agrees = frame["arrives"].to_numpy() & unnamed & may_be_one_run(apart, agrees=True)
    _join(start, np.flatnonzero(start & ~other & agrees), frame["station_code"].to_numpy())
    again = frame["run_again"].to_numpy()
    if again.any():
        back = (frame["position"] <= frame["position"].shift()).fill_null(value=False).to_numpy()
        start |= again & (back | (apart > _LONGEST_PAUSE))
    return start


def _join(start: Flags, candidates: npt.NDArray[np.int64], stations: Ints) -> None:
    """Take back the starts among the candidates that go on with the run before: no station occurs on both sides."""
    ends = np.append(np.flatnonzero(start), len(start))
    for index in candidates:
        place = int(np.searchsorted(ends, index))
        first = int(ends[place - 1])
        while not start[first]:  # the run before was joined to one before it
            place -= 1
            first = int(ends[place - 1])
        end = int(ends[np.searchsorted(ends, index) + 1])
        if set(stations[first:index]).isdisjoint(stations[index:end]):
            start[index] = False


def _up_to_the_planned_end(frame: pl.DataFrame, start: Flags) -> tuple[Flags, Flags]:
    """Return which stops are not additional ones behind their run's end by the timetable, and the ends before those."""
    additional = frame["additional"].to_numpy()
    keep, extended = np.ones(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    if additional.any():
        index = np.arange(len(frame))
        firsts = np.flatnonzero(start)
        last = np.maximum.reduceat(np.where(additional, -1, index), firsts)  # of another run where all are additional
        run = np.cumsum(start) - 1
        keep = (last[run] < firsts[run]) | (index <= last[run])
        extended[last[run][~keep]] = True
    return keep, extended
