"""Columns of history files as values of one type, or one sentence that says which value cannot be read.

What certainly means the same is read: a timestamp at midnight as a date, whole floats with NaN as whole numbers with
nulls, numbers as text. Anything else raises UserError with the file, the column, the row (the first one is 1), the
value and what was expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import Enum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pyarrow as pa

from zielzeit import berlin_time
from zielzeit.errors import UserError

_FIRST_MINUTE = 10_519_200
"""1990-01-01, minutes since 1970: before any archive of delays."""
_LAST_MINUTE = 68_374_080
"""2100-01-01, minutes since 1970."""
_SHOWN = 40
"""Characters of a value that an error shows."""
_UNITS = {"s": 1_000, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_EXACT = 2.0**53


class Kind(Enum):
    """What a column must hold; the value is what an error says was expected."""

    TEXT = "text"
    INTEGER = "whole numbers"
    FLAG = "true or false, and no null"
    DATE = "dates"
    TIME = "timestamps from 1990 to 2099"


class Column(NamedTuple):
    """A column of one batch of a file."""

    file: str
    name: str
    first_row: int
    """Number of the batch's first row in the file; the file's first one is 1."""
    values: pa.Array

    def error(self, index: int, expected: str) -> UserError:
        """What is wrong with one of the batch's values."""
        shown = _shown(self.values[index])
        return UserError(
            f"{self.file}, column {self.name}, row {self.first_row + index:,}: {shown} ({self.values.type}); "
            f"expected {expected}"
        )


class Texts(NamedTuple):
    """Texts of a column without surrounding space; empty ones are null. Each text of a column is kept once."""

    codes: npt.NDArray[np.int64]
    """Index into ``values`` for each row."""
    values: pl.Series
    """The texts of the codes; the last one is null."""

    @property
    def series(self) -> pl.Series:
        """The text of each row."""
        return self.values.gather(self.codes)

    @property
    def is_null(self) -> npt.NDArray[np.bool_]:
        """True in the rows without text."""
        found: npt.NDArray[np.bool_] = self.values.is_null().to_numpy()[self.codes]
        return found


def read_text(column: Column) -> Texts:
    """Texts. Whole numbers are read as text."""
    values = column.values
    kind = values.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        values = _integers(column, Kind.TEXT).cast(pl.String).to_arrow()
    elif not _is_text(kind) and not (pa.types.is_dictionary(kind) and _is_text(kind.value_type)):
        values = _only_nulls(column, Kind.TEXT, pl.String()).to_arrow()
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    try:
        values.dictionary.validate(full=True)
    except pa.ArrowInvalid as error:
        raise UserError(f"{column.file}, column {column.name}: not in UTF-8: {error}") from None
    text = pl.Series(pl.from_arrow(values.dictionary.cast(pa.large_string())), dtype=pl.String).str.strip_chars()
    text = text.set(text == "", None).append(pl.Series([None], dtype=pl.String))
    codes = values.indices.cast(pa.int64()).fill_null(len(text) - 1).to_numpy()
    return Texts(codes, text)


def no_text(rows: int) -> Texts:
    """The texts of a column that a file lacks."""
    return Texts(np.zeros(rows, dtype=np.int64), pl.Series([None], dtype=pl.String))


def first_of(one: Texts, other: Texts) -> Texts:
    """The text of each row in one column, or in the other where it has none in the first."""
    codes = np.where(one.is_null, other.codes + len(one.values), one.codes)
    return Texts(codes, pl.concat([one.values, other.values]))


def combinations(*columns: Texts) -> tuple[npt.NDArray[np.int64], Iterator[tuple[str | None, ...]]]:
    """Return the combinations of several columns' texts that occur: the code of each row's, and the combinations."""
    codes = columns[0].codes
    for column in columns[1:]:
        codes = codes * len(column.values) + column.codes
    rows, unique = pd.factorize(codes)
    parts = []
    for column in reversed(columns):
        unique, part = np.divmod(unique, len(column.values))
        parts.append(column.values.gather(part).to_list())
    return rows, zip(*reversed(parts), strict=True)


def mapped(function: Callable[..., str | None], *columns: Texts) -> pl.Series:
    """The function of several columns' texts in each row; it is called once for each combination that occurs."""
    rows, unique = combinations(*columns)
    return pl.Series([function(*texts) for texts in unique], dtype=pl.String).gather(rows)


def read_integers(column: Column, least: int, most: int) -> pl.Series:
    """Whole numbers from ``least`` to ``most``, or null; NaN is null."""
    found = _integers(column, Kind.INTEGER)
    _refuse(column, (found < least) | (found > most), f"{Kind.INTEGER.value} from {least} to {most:,}")
    return found


def read_flags(column: Column, needed: pl.Series | None = None) -> pl.Series:
    """Flags, also as 0 and 1; null is false where ``needed`` is false, and an error elsewhere."""
    kind = column.values.type
    if pa.types.is_boolean(kind):
        flags = pl.Series(pl.from_arrow(column.values))
    elif pa.types.is_integer(kind):
        numbers = _integers(column, Kind.FLAG)
        _refuse(column, (numbers < 0) | (numbers > 1), Kind.FLAG.value)
        flags = numbers == 1
    else:
        flags = _only_nulls(column, Kind.FLAG, pl.Boolean())
    _refuse(column, flags.is_null() if needed is None else flags.is_null() & needed, Kind.FLAG.value)
    return flags.fill_null(value=False)


def read_dates(column: Column) -> pl.Series:
    """Dates as days since 1970; timestamps are read where they are midnight in Berlin."""
    kind = column.values.type
    if pa.types.is_date32(kind):
        days = pl.Series(pl.from_arrow(column.values.cast(pa.int32()))).cast(pl.Int64)
    elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        times = column
        if pa.types.is_date(kind):
            times = column._replace(values=column.values.cast(pa.int64()).view(pa.timestamp("ms")))
        milliseconds = _wall(_milliseconds(times), zoned=_is_zoned(times))
        length = berlin_time.DAY * berlin_time.MINUTE
        _refuse(column, milliseconds % length != 0, f"{Kind.DATE.value}, or timestamps at midnight")
        days = milliseconds // length
    else:
        return _only_nulls(column, Kind.DATE, pl.Int64())
    outside = (days < _FIRST_MINUTE // berlin_time.DAY) | (days >= _LAST_MINUTE // berlin_time.DAY)
    _refuse(column, outside, f"{Kind.DATE.value} from 1990 to 2099")
    return days


class Times(NamedTuple):
    """Times of a column, minutes since 1970; the series' nulls are the column's."""

    wall: pl.Series
    """On Berlin's clocks."""
    first: pl.Series
    """UTC; of a wall time that exists twice in the first pass."""
    second: pl.Series
    """UTC; of a wall time that exists twice in the second pass."""
    zoned: bool
    """True if the column has a zone: its times are instants, ``first`` and ``second`` are equal."""


def read_times(column: Column) -> Times:
    """Timestamps: with a zone they are instants, without one Berlin's wall clock."""
    if not pa.types.is_timestamp(column.values.type):
        none = _only_nulls(column, Kind.TIME, pl.Int64())
        return Times(none, none, none, zoned=False)
    minutes = _milliseconds(column) // berlin_time.MINUTE
    if _is_zoned(column):
        return Times(_wall(minutes * berlin_time.MINUTE, zoned=True) // berlin_time.MINUTE, minutes, minutes, True)
    first, second = (instants(minutes, fold) for fold in (0, 1))
    return Times(minutes, first, second, zoned=False)


def read_instants(column: Column) -> pl.Series:
    """Timestamps as Unix milliseconds (UTC). Without zone they are Berlin's, of the repeated hour the second pass."""
    if not pa.types.is_timestamp(column.values.type):
        return _only_nulls(column, Kind.TIME, pl.Int64())
    milliseconds = _milliseconds(column)
    if _is_zoned(column):
        return milliseconds
    minutes = milliseconds // berlin_time.MINUTE
    return instants(minutes, 1) * berlin_time.MINUTE + milliseconds % berlin_time.MINUTE


def refuse_later(column: Column, milliseconds: pl.Series, latest: datetime) -> None:
    """Raise UserError at the first Unix milliseconds (UTC) after ``latest``: the network's state would forget all else.

    A wrong year in one row is enough for that, and history lies in the past.
    """
    limit = berlin_time.milliseconds(latest)
    _refuse(column, milliseconds > limit, f"no time after {latest:%Y-%m-%d %H:%M}, for history has happened")


def instants(wall: pl.Series, fold: int) -> pl.Series:
    """Instants of wall times, minutes since 1970, as ``berlin_time.wall_to_utc`` reads each of them.

    It is called once for each hour that occurs: since 1990 Berlin's clocks have been changed at full hours only, and
    a year has too many minutes to look each of them up.
    """
    begins = wall // 60 * 60
    unique = begins.drop_nulls().unique()
    ahead = [minute - berlin_time.wall_to_utc(berlin_time.WallMinutes(minute), fold) for minute in unique]
    return wall - begins.replace_strict(unique, pl.Series(ahead, dtype=pl.Int64), default=None, return_dtype=pl.Int64)


def _milliseconds(column: Column) -> pl.Series:
    """Milliseconds since 1970, of instants in UTC, else on the clock. Raises UserError outside 1990 to 2099."""
    unit = column.values.type.unit
    raw = pl.Series(pl.from_arrow(column.values.view(pa.int64())))
    # Seconds are compared before they are multiplied, which may overflow.
    seconds = raw // (1 if unit == "s" else _UNITS[unit])
    _refuse(column, (seconds < _FIRST_MINUTE * 60) | (seconds >= _LAST_MINUTE * 60), Kind.TIME.value)
    return raw * 1_000 if unit == "s" else raw // (_UNITS[unit] // 1_000)


def _wall(milliseconds: pl.Series, *, zoned: bool) -> pl.Series:
    if not zoned:
        return milliseconds
    at = milliseconds.cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(berlin_time.BERLIN.key)
    return at.dt.replace_time_zone(None).cast(pl.Int64)


def _is_zoned(column: Column) -> bool:
    return column.values.type.tz is not None


def _integers(column: Column, kind: Kind) -> pl.Series:
    arrow = column.values.type
    if pa.types.is_integer(arrow):
        whole = pl.Series(pl.from_arrow(column.values))
        if whole.dtype == pl.UInt64:
            _refuse(column, whole > 2**63 - 1, kind.value)
        return whole.cast(pl.Int64)
    if pa.types.is_floating(arrow):
        floats = pl.Series(pl.from_arrow(column.values.cast(pa.float64()))).fill_nan(None)
        _refuse(column, (floats != floats.floor()) | (floats.abs() > _EXACT), kind.value)
        return floats.cast(pl.Int64)
    return _only_nulls(column, kind, pl.Int64())


def _refuse(column: Column, bad: pl.Series, expected: str) -> None:
    """Raise UserError at the first row that is bad."""
    if bad.any():
        raise column.error(int(bad.fill_null(value=False).arg_max() or 0), expected)


def _only_nulls(column: Column, kind: Kind, dtype: pl.DataType) -> pl.Series:
    """A column of another type that holds nothing but nulls; else raise UserError at its first value."""
    if column.values.null_count < len(column.values):
        valid = pl.Series(pl.from_arrow(column.values.is_valid()))
        raise column.error(int(valid.arg_max() or 0), kind.value)
    return pl.Series([None] * len(column.values), dtype=dtype)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _shown(value: pa.Scalar) -> str:
    """A value as an error shows it: on one line, shortened."""
    if not value.is_valid:
        return "null"
    try:
        python = value.as_py()
    except (ValueError, OverflowError):  # a time that Python has no form for, or a text that is not UTF-8
        return "a value"
    shown = " ".join((repr(python) if isinstance(python, str) else str(python)).split())
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
