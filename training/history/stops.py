"""The schema of stop records, into which all kinds of history files are converted: one row per train, stop and day.

Wall times are minutes since 1970 on Berlin's clocks, instants are minutes since 1970 UTC, delays are minutes.
"""

from __future__ import annotations

import polars as pl

STOPS = pl.Schema(
    {
        "category": pl.String(),
        "number": pl.String(),  # empty where the source names the line instead
        "line": pl.String(),
        "station": pl.String(),  # as boards name it; null only where ``lost``
        "run": pl.String(),  # the source's own name of the run, null where it has none
        "run_again": pl.Boolean(),  # the source uses this name again on other days
        "position": pl.Int32(),  # number of the stop in the run; those of additional stops are larger than all others
        "wall": pl.Int32(),  # planned arrival, or departure where there is no arrival
        "wall_departure": pl.Int32(),  # planned departure, or ``wall`` where the source has none
        "instant": pl.Int32(),  # of ``wall``; null where the source has times without zone
        "instant_departure": pl.Int32(),  # of ``wall_departure``
        "arrival_delay": pl.Int16(),
        "departure_delay": pl.Int16(),
        "arrival_cancelled": pl.Boolean(),
        "departure_cancelled": pl.Boolean(),
        "one_flag": pl.Boolean(),  # cancelled, but the source does not tell whether arrival, departure or both
        "arrives": pl.Boolean(),  # an arrival is known: the run does not begin here
        "continues": pl.Boolean(),  # a departure is known: the run does not end here
        "ends": pl.Boolean(),  # the source tells that no departure was planned
        "additional": pl.Boolean(),  # not in the timetable
        "lost": pl.Boolean(),  # not a stop to be used: ``training.history.lost_stops``
        "known": pl.Int64(),  # when all this was known, Unix milliseconds (UTC); null where the source does not tell
    }
)
FLAGS = tuple(name for name, kind in STOPS.items() if kind == pl.Boolean())
"""Null, in records that older versions kept, means false."""
