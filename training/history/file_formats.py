"""Kinds of history files: which columns each generation has, and how they are converted into stop records.

Two families are known. ``stops_*.parquet`` (DerWeh/BayesianBahn) and what the simulator writes have the same columns.
The months of ``piebro/deutsche-bahn-data`` have changed their schema retroactively; they are read by column names, and
every generation until the autumn of 2026 is accepted. Rows that cannot be used are dropped by a reason with a name; a
value of another type than its column must have is an error (``training.history.column_types``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from training.history import column_types
from training.history.column_types import Column, Texts, Times, combinations, mapped, no_text
from training.history.lost_stops import LOST, lost_stops
from training.history.station_names import BoardNames
from training.history.stops import STOPS
from training.history.train_names import line_of, line_of_name, number_of_name
from zielzeit import berlin_time
from zielzeit.errors import UserError
from zielzeit.lake.parquet import readable_parquet
from zielzeit.stations.register import StationRegister

BATCH_ROWS = 1_000_000
ARTEFACT = berlin_time.DAY
"""Minutes of delay from which a change of time is an artefact of the feed."""

_COMPACT = (
    "train_type", "train_number", "line", "station", "date", "planned_minute_of_day", "arr_delay_min",
    "dep_delay_min_if_differs", "cancelled",
)  # fmt: skip
_MONTHLY = (
    "train_type", "arrival_planned_time", "arrival_change_time", "departure_planned_time", "departure_change_time",
)  # fmt: skip
# Of several names of a column each row has the first one that is not null: tools join months of several generations.
_STATIONS = ("station_name", "station")  # until autumn 2025 it was ``station``
_RUNS = ("id", "train_line_ride_id")
_NUMBERS = ("train_number", "train_name")
_LINES = ("line_number", "train_line_number", "train_line")
_ONE_FLAG, _TWO_FLAGS = "is_canceled", ("arrival_is_canceled", "departure_is_canceled")
_OPTIONAL = (
    "xml_station_name", "eva", "train_line_station_num", "is_additional_stop",
    "known_at",  # of those who polled themselves; no public archive has it
)  # fmt: skip
_USED = frozenset((*_COMPACT, *_MONTHLY, *_STATIONS, *_RUNS, *_NUMBERS, *_LINES, _ONE_FLAG, *_TWO_FLAGS, *_OPTIONAL))
_LONGEST_DELAY = 10**6
"""Minutes; a larger number is no delay."""
_LONGEST_NUMBER = 10**6
_AHEAD = timedelta(days=1)
"""Planned times may lie so far ahead of now: archives of the day that is going on, clocks that differ."""


class FileKind(msgspec.Struct, frozen=True):
    """What a file is, and how it is read."""

    family: str
    stations: str
    """Where the boards' names of stations come from."""
    runs: str
    """What tells runs apart."""
    numbers: str
    times: str
    cancellations: str


class HistoryFile:
    """A file of finished history; errors call it by its path or by ``label``.

    Raises UserError where the file is not a Parquet file, lacks a column or has no rows.
    """

    def __init__(self, path: Path, label: str | None = None) -> None:
        if not path.is_file():
            raise UserError(f"no such file: {path}")
        self.label = label or str(path)
        with readable_parquet(self.label):
            self._file = pq.ParquetFile(path)
            self._schema = self._file.schema_arrow
            self.rows = int(self._file.metadata.num_rows)
        self._names = [name for name in self._schema.names if name in _USED]
        twice = [name for name, count in Counter(self._names).items() if count > 1]
        if twice:
            raise UserError(f"{self.label} has two columns named {twice[0]}; expected each name once")
        self.taught: list[tuple[str | None, str | None, str | None]] = []
        """EVA number, name and boards' name of the stations, once ``batches`` has been read."""
        self._compact = "planned_minute_of_day" in self._names
        self._latest = datetime.now(berlin_time.BERLIN) + _AHEAD
        self._require()
        if not self.rows:
            raise UserError(f"{self.label} has no rows; expected at least one, there is nothing to import")

    @property
    def kind(self) -> FileKind:
        """What the file is, by its columns."""
        name = _else(self._present(_STATIONS))
        has_board_names = "xml_station_name" in self._names
        if self._compact:
            return FileKind(
                family="stops_*.parquet (BayesianBahn)",
                stations="register, by eva and station" if "eva" in self._names else "register, by station",
                runs="category, number and time",
                numbers="train_number",
                times="Berlin's clocks",
                cancellations="one flag",
            )
        zones = {self._schema.field(name).type for name in _MONTHLY[1:]}
        return FileKind(
            family="month of piebro/deutsche-bahn-data",
            stations=f"xml_station_name, else register, by {name}" if has_board_names else f"register, by {name}",
            runs=_else(self._present(_RUNS)),
            numbers=_else(self._present(_NUMBERS)).replace("train_name", "train_name, of ICE, IC and EC"),
            times="instants" if all(getattr(zone, "tz", None) for zone in zones) else "Berlin's clocks",
            cancellations=_else(
                ["two flags"] * self._has_two_flags + ["one flag"] * (_ONE_FLAG in self._names),
            ),
        )

    def batches(self, register: StationRegister) -> Iterator[tuple[pl.DataFrame, int, dict[str, int]]]:
        """Yield the stop records in pieces: the records, rows read, and dropped rows by reason.

        Raises UserError where a value cannot be read.
        """
        names = BoardNames(register, self._eva_and_names())
        row = 1
        with readable_parquet(self.label):
            for piece in self._file.iter_batches(batch_size=BATCH_ROWS, columns=self._names):
                batch = _Batch(self.label, row, piece)
                kept, dropped = _sift(
                    self._from_compact(batch, names) if self._compact else self._monthly(batch, names)
                )
                yield kept, piece.num_rows, dropped
                row += piece.num_rows
        self.taught = names.taught

    @property
    def _has_two_flags(self) -> bool:
        return set(_TWO_FLAGS) <= set(self._names)

    def _present(self, names: tuple[str, ...]) -> list[str]:
        return [name for name in names if name in self._names]

    def _require(self) -> None:
        missing = sorted(set(_COMPACT if self._compact else _MONTHLY) - set(self._names))
        if not self._compact:
            for one_of in (_STATIONS, _RUNS, _NUMBERS):
                if not self._present(one_of):
                    missing.append(" or ".join(one_of))
            if _ONE_FLAG not in self._names and not self._has_two_flags:
                missing.append(f"{_ONE_FLAG} (or {' and '.join(_TWO_FLAGS)})")
        if missing:
            raise UserError(
                f"{self.label} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}. Known are "
                "stops_*.parquet of BayesianBahn and the months of piebro/deutsche-bahn-data; see docs/inputs.md"
            )

    def _eva_and_names(self) -> set[tuple[str | None, ...]]:
        """Pairs of EVA number and archive's name that occur in the file."""
        names = self._present(_STATIONS)
        found: set[tuple[str | None, ...]] = set()
        if "eva" in self._names and names:
            row = 1
            with readable_parquet(self.label):
                for piece in self._file.iter_batches(batch_size=BATCH_ROWS, columns=["eva", *names]):
                    batch = _Batch(self.label, row, piece)
                    found.update(combinations(batch.text("eva"), batch.text(*names))[1])
                    row += piece.num_rows
        return found

    def _stations(self, batch: _Batch, names: BoardNames) -> pl.Series:
        return mapped(names.name, batch.text("eva"), batch.text(*_STATIONS), batch.text("xml_station_name"))

    def _from_compact(self, batch: _Batch, names: BoardNames) -> pl.DataFrame:
        category = batch.text("train_type")
        days = column_types.read_dates(batch["date"])
        midnights = column_types.instants(days * berlin_time.DAY, 0) * berlin_time.MINUTE
        column_types.refuse_later(batch["date"], midnights, self._latest)
        minute = column_types.read_integers(batch["planned_minute_of_day"], 0, berlin_time.DAY - 1)
        wall = days * berlin_time.DAY + minute
        arrival, departure = (
            column_types.read_integers(batch[name], -_LONGEST_DELAY, _LONGEST_DELAY)
            for name in ("arr_delay_min", "dep_delay_min_if_differs")
        )
        cancelled = column_types.read_flags(batch["cancelled"])
        return pl.DataFrame(
            {
                "category": category.series,
                "number": batch.text("train_number").series,
                "line": mapped(line_of, category, batch.text("line")),
                "station": self._stations(batch, names),
                "wall": wall,
                "wall_departure": wall,
                "date": days,
                "minute": minute,
                "arrival_delay": arrival,
                "departure_delay": _coalesce(departure, arrival),
                "arrival_cancelled": cancelled,
                "departure_cancelled": cancelled,
                "one_flag": cancelled,
                "arrives": arrival.is_not_null(),
                "continues": departure.is_not_null(),
                "known": self._known(batch),
            }
        )

    def _monthly(self, batch: _Batch, names: BoardNames) -> pl.DataFrame:
        arrival, arrival_change, departure, departure_change = (
            column_types.read_times(batch[name]) for name in _MONTHLY[1:]
        )
        for name, planned in ((_MONTHLY[1], arrival), (_MONTHLY[3], departure)):
            column_types.refuse_later(batch[name], planned.first * berlin_time.MINUTE, self._latest)
        arrives, continues = arrival.wall.is_not_null(), departure.wall.is_not_null()
        late, leaves_late = _delay(arrival, arrival_change), _delay(departure, departure_change)
        arrival_cancelled, departure_cancelled, one_flag = self._cancellations(batch, arrives, continues)
        runs, run_again = self._runs(batch)
        category = batch.text("train_type")
        number, line = self._numbers_and_lines(batch, category)
        return pl.DataFrame(
            {
                "category": category.series,
                "number": number,
                "line": line,
                "station": self._stations(batch, names),
                "run": runs,
                "run_again": run_again,
                "position": self._positions(batch),
                "wall": _coalesce(arrival.wall, departure.wall),
                "wall_departure": _coalesce(departure.wall, arrival.wall),
                "instant": _instants(arrival, departure),
                "instant_departure": _instants(departure, arrival),
                "arrival_delay": late,
                "departure_delay": _coalesce(leaves_late, late),
                "arrival_cancelled": arrival_cancelled,
                "departure_cancelled": departure_cancelled,
                "one_flag": one_flag,
                "arrives": arrives,
                "continues": continues,
                "ends": ~continues,
                "additional": batch.flags("is_additional_stop"),
                "known": self._known(batch),
            }
        )

    def _cancellations(
        self, batch: _Batch, arrives: pl.Series, continues: pl.Series
    ) -> tuple[pl.Series, pl.Series, pl.Series]:
        """Which arrivals and departures are cancelled, and of which stops it is not said what is."""
        if not self._has_two_flags:
            cancelled = column_types.read_flags(batch[_ONE_FLAG])
            return cancelled, cancelled, cancelled & arrives & continues
        single = batch.has(_ONE_FLAG) & ~batch.has(_TWO_FLAGS[0]) & ~batch.has(_TWO_FLAGS[1])
        cancelled = column_types.read_flags(batch[_ONE_FLAG], single) & single if single.any() else single
        arrival, departure = (
            column_types.read_flags(batch[name], event & ~single) | cancelled
            for name, event in zip(_TWO_FLAGS, (arrives, continues), strict=True)
        )
        return arrival, departure, cancelled & arrives & continues

    def _numbers_and_lines(self, batch: _Batch, category: Texts) -> tuple[pl.Series, pl.Series]:
        numbers, lines = batch.text("train_number").series, mapped(line_of, category, batch.text(*_LINES))
        if "train_name" not in self._names or not numbers.null_count():
            return numbers, lines
        names = batch.text("train_name")
        lines_of_names = mapped(line_of_name, category, names)
        return (
            _coalesce(numbers, mapped(number_of_name, category, names)),
            lines_of_names.zip_with(numbers.is_null() & (lines == ""), lines),
        )

    def _runs(self, batch: _Batch) -> tuple[pl.Series, pl.Series]:
        """The runs' names, and which are used again: until autumn 2025 the ride's name was written with the start."""
        ids = batch.text("id").series
        rides = batch.text("train_line_ride_id").series if ids.null_count() else ids
        return _coalesce(ids.str.replace(r"-[^-]*$", ""), rides), ids.is_null() & ~rides.str.contains(r"-\d{10}$")

    def _known(self, batch: _Batch) -> pl.Series:
        if "known_at" not in self._names:
            return pl.Series([None], dtype=pl.Int64).new_from_index(0, batch.rows)
        known = column_types.read_instants(batch["known_at"])
        column_types.refuse_later(batch["known_at"], known, self._latest)
        return known

    def _positions(self, batch: _Batch) -> pl.Series:
        of_ids = batch.text("id").series.str.extract(r"-(\d{1,6})$", 1).cast(pl.Int64, strict=False)
        if "train_line_station_num" not in self._names:
            return of_ids
        return _coalesce(column_types.read_integers(batch["train_line_station_num"], 0, _LONGEST_NUMBER), of_ids)


class _Batch:
    """Rows of a file, read column by column; a column that the file lacks is all null."""

    def __init__(self, file: str, first_row: int, piece: pa.RecordBatch) -> None:
        self._file, self._first_row, self._piece = file, first_row, piece
        self.rows: int = piece.num_rows

    def __getitem__(self, name: str) -> Column:
        return Column(self._file, name, self._first_row, self._piece.column(name))

    def text(self, *names: str) -> Texts:
        """The texts of a column; of several, each row's first one."""
        found = no_text(self.rows)
        for name in names:
            if name in self._piece.schema.names and found.is_null.any():
                found = column_types.first_of(found, column_types.read_text(self[name]))
        return found

    def has(self, name: str) -> pl.Series:
        """True where a column is not null."""
        if name not in self._piece.schema.names:
            return self.none()
        return pl.Series(pl.from_arrow(self._piece.column(name).is_valid()))

    def none(self) -> pl.Series:
        """False in each row."""
        return pl.Series([False]).new_from_index(0, self.rows)

    def flags(self, name: str) -> pl.Series:
        no = self.none()
        return column_types.read_flags(self[name], needed=no) if name in self._piece.schema.names else no


def _else(names: Sequence[str]) -> str:
    return ", else ".join(names)


def _coalesce(one: pl.Series, other: pl.Series) -> pl.Series:
    return one.zip_with(one.is_not_null(), other)


def _delay(planned: Times, change: Times) -> pl.Series:
    """Minutes from the planned to the actual time, 0 where no change is known.

    Of a wall time that exists twice the pass is taken with which the delay is smallest: a train that was planned at
    02:50 and left at 02:10 left twenty minutes late.
    """
    delay = change.first - planned.first
    if (planned.first != planned.second).any() or (change.first != change.second).any():
        for other in (change.second - planned.second, change.second - planned.first, change.first - planned.second):
            delay = other.zip_with((other.abs() < delay.abs()).fill_null(value=False), delay)
    return delay.zip_with(delay.is_not_null(), planned.first - planned.first)


def _instants(first: Times, other: Times) -> pl.Series:
    """Instants of ``first``, else of ``other``; null where the source has wall times."""
    one, two = (times.first if times.zoned else times.first.clear(len(times.first)) for times in (first, other))
    return one.zip_with(first.wall.is_not_null(), two)


def _sift(records: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    for name, kind in (*STOPS.items(), *LOST.items()):
        if name not in records.columns:
            records = records.with_columns(pl.lit(None, kind).alias(name))
    reasons = {
        "no train category": pl.col("category").is_null(),
        "no train number and no run id": (pl.col("number").fill_null("") == "") & pl.col("run").is_null(),
        "no station": pl.col("station").is_null(),
        "no planned time": pl.col("wall").is_null(),
        "change of a day or more": pl.max_horizontal(
            pl.col("arrival_delay").abs(), pl.col("departure_delay").abs()
        ).fill_null(0)
        >= ARTEFACT,
    }
    dropped, lost = {}, []
    for reason, bad in reasons.items():
        kept = records.filter(~bad)
        if len(kept) < len(records):
            dropped[reason] = len(records) - len(kept)
            lost.append(lost_stops(records.filter(bad)))
        records = kept
    return pl.concat([records.select(pl.col(name).cast(kind) for name, kind in STOPS.items()), *lost]), dropped
