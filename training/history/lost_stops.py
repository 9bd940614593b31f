"""Stops that are known to exist, but not well enough to be used: the run that goes on to one has no label.

Where the source names runs, the planned departure of the stop before says that a run goes on. Otherwise a dropped row
at the end of a run would make the stop before it the destination. So such rows are kept among the stop records.
"""

from __future__ import annotations

import polars as pl

from training.history.stops import STOPS
from zielzeit import berlin_time
from zielzeit.runs.same_run import LONGEST_AGREEING_GAP, LONGEST_GAP

LOST = pl.Schema({"date": pl.Int64(), "minute": pl.Int64()})
"""Columns beside those of stop records: the halves of a planned time of which the other one may be missing."""
_MOVED = 60
"""Minutes between the planned times of one stop on two days, at most."""
_TRAIN = ["category", "number"]


def lost_stops(dropped: pl.DataFrame) -> pl.DataFrame:
    """The records that dropped rows leave.

    ``wall`` and ``wall_departure`` are the first and last minute of the planned time. Where the row has a date alone
    (``date``, days since 1970) they are the day's bounds; where it has a time of day alone (``minute``) they lie on
    1970-01-01, which no archive reaches.
    """
    begin = pl.col("date") * berlin_time.DAY
    told = dropped.filter((pl.col("number").fill_null("") != "") & pl.col("run").is_null()).with_columns(
        lost=True,
        wall=pl.coalesce("wall", begin, "minute"),
        wall_departure=pl.coalesce("wall", begin + berlin_time.DAY, "minute"),
        arrival_delay=None,
        departure_delay=None,
    )
    return told.filter(pl.col("wall").is_not_null()).select(pl.col(name).cast(kind) for name, kind in STOPS.items())


def resolve(stops: pl.DataFrame) -> pl.DataFrame:
    """Stop records without those of lost stops; the stop before each one of those ``continues``."""
    is_lost = pl.col("lost").fill_null(value=False)
    lost = stops.filter(is_lost).select(*_TRAIN, "station", "wall", "wall_departure", "arrives").unique()
    if lost.is_empty():
        return stops
    stops = stops.filter(~is_lost)
    known = (
        stops.with_row_index()
        .filter(pl.col("run").is_null())
        .select("index", *_TRAIN, "station", before="wall", midnight=_midnight("wall"))
    )
    lost = _on_each_day(_of_each_category(lost, known), known)
    gap = pl.when("arrives").then(LONGEST_AGREEING_GAP).otherwise(LONGEST_GAP)
    found = lost.sort("wall_departure").join_asof(
        known.sort("before"),
        left_on="wall_departure",
        right_on="before",
        by=_TRAIN,
        allow_exact_matches=False,  # a stop of that minute may be the lost one, told by another file
        coalesce=False,
        check_sortedness=False,
    )
    goes_on = found.filter(pl.col("before") >= pl.col("wall") - gap)["index"]
    at = pl.int_range(pl.len(), dtype=pl.UInt32).is_in(goes_on.unique().implode())
    return stops.with_columns(continues=pl.col("continues") | at)


def _of_each_category(lost: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Lost stops without a category are those of any train of their number."""
    categories = known.select(_TRAIN).unique()
    any_of = lost.filter(pl.col("category").is_null()).drop("category").join(categories, on="number")
    return pl.concat([lost.filter(pl.col("category").is_not_null()), any_of.select(lost.columns)])


def _on_each_day(lost: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Lost stops without a date are those of any day on which their train had a stop.

    Without those whose date or time of day is missing and whose station is told about then: they are no others.
    """
    is_dated, is_timed = pl.col("wall") >= berlin_time.DAY, pl.col("wall") == pl.col("wall_departure")
    undated, untimed = lost.filter(~is_dated), lost.filter(~is_timed)
    if undated.is_empty() and untimed.is_empty():
        return lost
    days = known.select(*_TRAIN, "midnight").unique()
    dated = undated.join(days, on=_TRAIN).with_columns(pl.col("wall", "wall_departure") + pl.col("midnight"))
    doubtful = pl.concat([dated, untimed.with_columns(midnight=_midnight("wall")).select(dated.columns)])
    about = pl.col("before").is_between(pl.col("wall") - _MOVED, pl.col("wall_departure") + _MOVED)
    told = doubtful.join(known, on=[*_TRAIN, "station", "midnight"]).filter(about)
    lacking = doubtful.join(told, on=lost.columns, how="anti", nulls_equal=True)
    return pl.concat([lost.filter(is_dated & is_timed), lacking.select(lost.columns)])


def _midnight(wall: str) -> pl.Expr:
    return pl.col(wall) // berlin_time.DAY * berlin_time.DAY
