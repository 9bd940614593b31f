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
from training.history.stops import STOPS
from zielzeit.progress import SILENT, Progress
from zielzeit.stations.register import StationRegister
from zielzeit.stations.table import packaged


class ReadFiles(msgspec.Struct, kw_only=True):
    """What was read of some files."""

    rows: int = 0
    """Rows read."""
    left_out: dict[str, int] = msgspec.field(default_factory=dict)
    """Rows dropped, by reason."""
    kept: list[Path] = msgspec.field(default_factory=list)
    """Files of stop records."""


def read_files(
    files: Sequence[Path], folder: Path, progress: Progress = SILENT, stations: StationRegister | None = None
) -> ReadFiles:
    """Read history files and write their stop records into ``folder``.

    Raises UserError, before anything is read, where a file is missing or not a known kind of history; later where a
    value cannot be read.
    """
    found = ReadFiles()
    left_out: Counter[str] = Counter()
    opened = [(path, HistoryFile(path)) for path in files]
    with progress.step("read", sum(file.rows for _, file in opened)) as rows:
        for path, file in opened:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
            for number, (records, count, dropped) in enumerate(file.batches(stations or packaged())):
                found.kept.append(folder / f"{digest}-{number}.parquet")
                examples.write_atomically(records, found.kept[-1])
                left_out.update(dropped)
                found.rows += count
                rows.advance(count)
    found.left_out = dict(left_out)
    return found


def stop_records(files: Sequence[Path]) -> pl.DataFrame:
    """The stop records of files, also of those that an older version kept: what they lack is null."""
    return pl.concat([pl.DataFrame(schema=STOPS), *(pl.read_parquet(path) for path in files)], how="diagonal")


def reasons(left_out: Mapping[str, int]) -> str:
    """Reasons with their numbers of rows, the most frequent first."""
    return ", ".join(f"{reason}: {count:,}" for reason, count in Counter(left_out).most_common() if count)
