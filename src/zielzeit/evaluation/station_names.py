"""Station names that data carries: recorded boards, and the Parquet files of an archive."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from zielzeit.boards.parse import BoardError, decompress, parse, route
from zielzeit.errors import UserError
from zielzeit.lake.parquet import readable_parquet
from zielzeit.progress import SILENT, Progress
from zielzeit.recordings.read import find_boards
from zielzeit.stations.register import StationRegister
from zielzeit.stations.spelling import eva_number

_NAMES = ("station", "station_name", "xml_station_name", "destination", "final_destination_station")
_EVA = "eva"
_OWN_NAMES = ("station", "station_name")
"""Columns with the name that an archive itself gives the station of a row."""


class Mentions(msgspec.Struct, frozen=True):
    """How often data mentions each station, in one place (boards, or a column of a Parquet file)."""

    source: str
    counts: Counter[str]


def on_boards(paths: Sequence[Path], station: str | None = None, progress: Progress = SILENT) -> list[Mentions]:
    """Names of recorded boards: those of the polled stations, once a board, and those on the boards, once a row.

    ``station`` names the station of files whose names and folder do not. Raises UserError where the paths hold no
    boards or one cannot be opened; rows that cannot be read are passed over.
    """
    recording = find_boards(paths, station)
    polled: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    routes: Counter[bytes] = Counter()
    with progress.step("reading boards", recording.boards) as step:
        for board in recording.read():
            polled[board.station] += 1
            step.advance()
            try:
                rows = parse(decompress(board.body)).rows
            except BoardError:
                continue
            counts.update(row.destination for row in rows if row.destination)
            routes.update(bytes(row.route) for row in rows)
    for raw, times in routes.items():
        for stop in route(raw):
            counts[stop.name] += times
    return [Mentions("polled stations", polled), Mentions("names on boards", counts)]


def in_archive(path: Path, progress: Progress = SILENT) -> list[Mentions]:
    """Names and EVA numbers of a Parquet file, one entry for each column that has them.

    Raises UserError where the file cannot be read or has no such column.
    """
    file = _parquet(path)
    columns = [column for column in (*_NAMES, _EVA) if column in file.schema_arrow.names]
    if not columns:
        raise UserError(f"{path} has none of the columns {', '.join((*_NAMES, _EVA))}")
    counts: dict[str, Counter[str]] = {column: Counter() for column in columns}
    with progress.step(f"reading {path.name}", file.metadata.num_rows) as step:
        for batch in _batches(file, path, columns):
            for column in columns:
                for pair in batch.column(column).value_counts().to_pylist():
                    if pair["values"] is not None:
                        counts[column][str(pair["values"])] += pair["counts"]
            step.advance(batch.num_rows)
    return [Mentions(f"{path.name}: {column}", counts[column]) for column in columns]


def archive_names(paths: Sequence[Path], register: StationRegister, progress: Progress = SILENT) -> dict[str, str]:
    """Return an archive's own name of each station, by key: of several the most frequent one.

    The station is that of the EVA number where the archive has it, else the one that the register finds by the name.
    Raises UserError where a file cannot be read or has no station names.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for path in paths:
        for (name, eva), count in _named_stations(path, progress).items():
            key = eva_number(eva) or register.resolve(name).key
            counts[key][name] += count
    return {key: min(names.items(), key=lambda item: (-item[1], item[0]))[0] for key, names in counts.items()}


def _named_stations(path: Path, progress: Progress) -> Counter[tuple[str, str]]:
    """Number of rows by name and EVA number; without numbers the latter is empty."""
    file = _parquet(path)
    name = next((column for column in _OWN_NAMES if column in file.schema_arrow.names), None)
    if name is None:
        raise UserError(f"{path} has none of the columns {', '.join(_OWN_NAMES)}")
    columns = [name, _EVA] if _EVA in file.schema_arrow.names else [name]
    counts: Counter[tuple[str, str]] = Counter()
    with progress.step(f"reading {path.name}", file.metadata.num_rows) as step:
        for batch in _batches(file, path, columns):
            groups = pa.Table.from_batches([batch]).group_by(columns).aggregate([([], "count_all")])
            for row in groups.to_pylist():
                if row[name] is not None:
                    counts[row[name], str(row.get(_EVA) or "")] += row["count_all"]
            step.advance(batch.num_rows)
    return counts


def _parquet(path: Path) -> pq.ParquetFile:
    with readable_parquet(path):
        return pq.ParquetFile(path)


def _batches(file: pq.ParquetFile, path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    with readable_parquet(path):
        yield from file.iter_batches(columns=columns)
