"""Archives that tell of the same runs under different names: each run is put together once, of all that is known.

A record that names its run and the run's start is kept before one whose name of the run is used again every day, and
both before one without a name. Where a run shares a stop with a run that another source tells better, its record of
that stop is dropped, and its other stops go over to the better run. So a run that a month cuts off at its border is
whole where another archive has the rest.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

_UNNAMED, _USED_AGAIN, _NAMED = 0, 1, 2
"""How a record names its run."""
_STOP = ("station_code", "wall")
_NEEDED = (
    "run_code", "category_code", "number_code", "line_code", *_STOP, "planned", "arrives", "continues", "ends",
    "additional",
)  # fmt: skip


def overlaps_resolved(
    frame: pl.DataFrame, start: npt.NDArray[np.bool_], texts: dict[str, pl.Series], names: pl.Series
) -> pl.DataFrame:
    """Return the records without those that another source tells better, each with the ``run_code`` of its run.

    ``frame`` is in the order of runs and ``start`` says where they begin (``training.history.run_order``); ``texts``
    and ``names`` of runs are by code. The same frame is returned where no archives overlap, else one without order.
    """
    again = frame["run_again"] & (frame["run_code"] >= 0)
    naming = pl.select(
        pl.when(frame["run_code"] < 0).then(_UNNAMED).when(again).then(_USED_AGAIN).otherwise(_NAMED).cast(pl.Int8)
    ).to_series()
    if naming.n_unique() < 2:
        return frame
    run = pl.Series(np.cumsum(start, dtype=np.int32) - 1)
    stops = frame.select(_NEEDED).with_columns(naming=naming, run=run).with_row_index()
    if again.any():
        stops = _gone_over(stops, _same_rides(stops, names))
    stops = _gone_over(stops, _same_trains(stops, texts))
    if len(stops) == len(frame):
        return frame
    stops = stops.sort("index")
    first = frame.filter(pl.Series(start))
    # A name that is used again does not tell to which day a stop belongs that has gone over to it.
    own = pl.int_range(len(names), len(names) + len(first), dtype=pl.Int32, eager=True)
    code = own.zip_with(first["run_again"] & (first["run_code"] >= 0), first["run_code"])
    named = pl.col("run_code") >= 0
    return frame[stops["index"]].with_columns(stops["continues"], run_code=code.gather(stops["run"])).with_columns(
        run_again=False,
        train_category=pl.when(named).then(-1).otherwise("train_category"),
        train_number=pl.when(named).then(-1).otherwise("train_number"),
    )  # fmt: skip


def _same_rides(stops: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
    """Return which stops of runs whose name is used again are those of a run that is named with its start as well.

    One row per stop: its ``index``, its ``run``, and ``into``, the run that has it as well.
    """
    rides = names.str.extract(r"^(.+)-\d{10}$").cast(pl.Enum(names), strict=False).to_physical().cast(pl.Int32)
    named = stops.filter(pl.col("naming") == _NAMED)
    named = named.select(*_STOP, ride=rides.gather(named["run_code"]), into="run").drop_nulls("ride")
    again = stops.filter(pl.col("naming") == _USED_AGAIN)
    pairs = again.join(named, left_on=["run_code", *_STOP], right_on=["ride", *_STOP])
    return _one_for_each(pairs)


def _same_trains(stops: pl.DataFrame, texts: dict[str, pl.Series]) -> pl.DataFrame:
    """Return which stops of runs without a name are those of a run that has one, as ``_same_rides`` does.

    Category, number, station and minute are the same. Where the named stop has no number it is the line instead, which
    two trains may have that meet at a station: the stop is the same only where most stops of the run are.
    """
    named = stops.filter(pl.col("naming") != _UNNAMED).rename({"run": "into"})
    unnamed = stops.filter(pl.col("naming") == _UNNAMED)
    same = ["category_code", "number_code", *_STOP]
    certain = _one_for_each(unnamed.join(named.select(*same, "into"), on=same))
    no_number, no_line = (_code_of_empty(texts[name]) for name in ("number", "line"))
    numberless = named.filter(pl.col("number_code") == no_number)
    if numberless.is_empty():
        return certain
    same.remove("number_code")
    likely = (
        unnamed.join(certain, on="index", how="anti")
        .join(numberless.select(*same, "into", "line_code"), on=same)
        .filter(
            (pl.col("line_code") == pl.col("line_code_right"))
            | (pl.col("line_code") == no_line)
            | (pl.col("line_code_right") == no_line)
        )
    )
    shared = pl.concat([certain, likely.select(certain.columns)]).group_by("run", "into").len("shared")
    sizes = stops.group_by("run").len("size")
    shared = (
        shared.join(sizes, on="run")
        .join(sizes.select(into="run", into_size="size"), on="into")
        .filter(2 * pl.col("shared") > pl.min_horizontal("size", "into_size"))
    )
    likely = (
        likely.join(shared.select("run", "into", "shared"), on=["run", "into"])
        .sort("shared", "run", "into", "index", descending=[True, False, False, False])
        .unique("index", keep="first", maintain_order=True)
        .unique(["into", *_STOP], keep="first", maintain_order=True)
    )
    return pl.concat([certain, likely.select(certain.columns)])


def _one_for_each(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.group_by("index").agg(pl.col("run").first(), pl.col("into").min())


def _code_of_empty(texts: pl.Series) -> int:
    """Return the code of the empty text, the first one in alphabetical order, or -1 where it does not occur."""
    return 0 if len(texts) and texts[0] == "" else -1


def _gone_over(stops: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the stops without those of ``pairs``; the others of their runs go over to the runs that share a stop.

    They go to the run with which the nearest stop before is shared, else the nearest one after, but not beyond its
    beginning or end by the timetable. Where that run has a stop in the same minute, it is the same stop under another
    name of the station. What stays behind of a run that goes on in another one is not known to end there.
    """
    if pairs.is_empty():
        return stops
    better = stops.join(pairs.select(run="into").unique(), on="run", how="semi")
    planned = ~pl.col("additional")
    limits = better.group_by("run").agg(
        begins=pl.col("planned").filter(planned & ~pl.col("arrives")).min(),
        ends_by=pl.col("planned").filter(planned & pl.col("ends")).max(),
    )
    at = pl.col("planned")
    goes_on = pl.col("before").is_not_null() & (pl.col("ends_by").is_null() | (at <= pl.col("ends_by")))
    has_begun = pl.col("after").is_not_null() & (pl.col("begins").is_null() | (at >= pl.col("begins")))
    within = pl.col("before") == pl.col("after")
    runs = (
        stops.join(pairs.select("run").unique(), on="run", how="semi")
        .join(pairs.select("index", "into"), on="index", how="left")
        .sort("index")
        .with_columns(
            before=pl.col("into").forward_fill().over("run"), after=pl.col("into").backward_fill().over("run")
        )
        .join(limits.select("ends_by", before="run"), on="before", how="left", maintain_order="left")
        .join(limits.select("begins", after="run"), on="after", how="left", maintain_order="left")
        .with_columns(to=pl.when(within | goes_on).then("before").when(has_begun).then("after"))
        .with_columns(goes=pl.col("to").is_not_null())
        .with_columns(cut_off=~pl.col("goes") & (pl.col("goes") & pl.col("arrives")).shift(-1).over("run"))
    )
    cut = runs.filter(pl.col("into").is_null() & pl.col("goes")).select("index", "wall", into="to")
    cut_off = runs.filter("cut_off")["index"]
    again = cut.join(better, left_on=["into", "wall"], right_on=["run", "wall"], how="semi")
    dropped = pl.concat([pairs.select("index"), again.select("index")])
    return (
        stops.join(dropped, on="index", how="anti")
        .join(cut.select("index", "into"), on="index", how="left")
        .with_columns(
            run=pl.coalesce("into", "run"),
            continues=pl.col("continues") | pl.col("index").is_in(cut_off.implode()),
        )
        .drop("into")
    )
