"""History files read into stop records, which are kept in files named by the contents of what was read."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import polars as pl

from training import examples
from training.history.file_formats import HistoryFile
from training.history.station_names import BoardNames
from training.history.stops import STOPS
from training.history.taught_stations import Taught
from zielzeit.errors import UserError
from zielzeit.progress import SILENT, Progress
from zielzeit.stations.register import StationRegister
from zielzeit.stations.table import packaged

_NEW_WITH_NAMES = "one_flag"
"""A column of stop records since their stations have the boards' names."""


class ReadFiles(msgspec.Struct, kw_only=True):
    """What was read of some files."""

    rows: int = 0
    """Rows read."""
    left_out: dict[str, int] = msgspec.field(default_factory=dict)
    """Rows dropped, by reason."""
    kept: list[Path] = msgspec.field(default_factory=list)
    """Files of stop records."""
    taught: list[Taught] = msgspec.field(default_factory=list)
    """What the files say of stations."""


def read_files(
    files: Sequence[Path],
    folder: Path,
    progress: Progress = SILENT,
    stations: StationRegister | None = None,
    called: Mapping[Path, str] | None = None,
) -> ReadFiles:
    """Read history files and write their stop records into ``folder``.

    ``called`` is what errors call a file instead of its path.
    Raises UserError, before anything is read, where a file is missing or not a known kind of history; later where a
    value cannot be read or no row can be used.
    """
    found = ReadFiles()
    left_out: Counter[str] = Counter()
    opened = [(path, HistoryFile(path, (called or {}).get(path))) for path in files]
    with progress.step("read", sum(file.rows for _, file in opened)) as rows:
        for path, file in opened:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
            of_file: Counter[str] = Counter()
            for number, (records, count, dropped) in enumerate(file.batches(stations or packaged())):
                found.kept.append(folder / f"{digest}-{number}.parquet")
                examples.write_atomically(records, found.kept[-1])
                of_file.update(dropped)
                found.rows += count
                rows.advance(count)
            if of_file.total() == file.rows:
                raise UserError(f"{file.label}: none of the {file.rows:,} rows can be used: {_reasons(of_file)}")
            left_out.update(of_file)
            found.taught += file.taught
    found.left_out = dict(left_out)
    return found


def stop_records(files: Sequence[Path], stations: StationRegister | None = None) -> pl.DataFrame:
    """The stop records of files. What older versions did not keep is null, and their stations get the boards' names.

    Raises UserError where a file is damaged.
    """
    frames = [pl.DataFrame(schema=STOPS)]
    for path in files:
        try:
            frame = pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise UserError(
                f"{path}, which an earlier import kept, is damaged ({str(error).splitlines()[0]}): import the file "
                "that it was made from again, or delete it"
            ) from None
        if _NEW_WITH_NAMES not in frame.columns:
            frame = _with_board_names(frame, stations or packaged())
        frames.append(frame)
    return pl.concat(frames, how="diagonal")


def _with_board_names(frame: pl.DataFrame, stations: StationRegister) -> pl.DataFrame:
    names = BoardNames(stations, ())
    found = {name: names.name(None, name, None) for name in frame["station"].unique()}
    return frame.with_columns(pl.col("station").replace_strict(found, return_dtype=pl.String))


def _reasons(left_out: Counter[str]) -> str:
    """Reasons with their numbers of rows, the most frequent first."""
    return ", ".join(f"{reason}: {count:,}" for reason, count in left_out.most_common() if count)
