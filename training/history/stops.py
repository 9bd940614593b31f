"""The schema of stop records, into which all kinds of history files are converted: one row per train, stop and day.

Wall times are minutes since 1970-01-01 on Berlin's clocks; delays are minutes.
"""

from __future__ import annotations

import polars as pl

STOPS = pl.Schema(
    {
        "category": pl.String(),
        "number": pl.String(),
        "line": pl.String(),
        "station": pl.String(),
        "run": pl.String(),  # the source's own name of the run, null where it has none
        "wall": pl.Int32(),  # planned arrival, or departure where there is no arrival
        "wall_departure": pl.Int32(),  # planned departure, or ``wall`` where the source has none
        "arrival_delay": pl.Int16(),
        "departure_delay": pl.Int16(),
        "arrival_cancelled": pl.Boolean(),
        "departure_cancelled": pl.Boolean(),
        "continues": pl.Boolean(),  # a planned departure is known: the run does not end here
        "known": pl.Int64(),  # when all this was known, Unix milliseconds (UTC); null where the source does not tell
    }
)
IDENTITY = ("category", "number", "station", "wall")
"""Columns that identify a stop."""
