"""Copy recorded boards to the lake's table ``boards``, beside those that the storage job writes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain, groupby

import pyarrow as pa
import pyarrow.parquet as pq

from zielzeit import berlin_time, topics
from zielzeit.berlin_time import BERLIN
from zielzeit.boards.record import HEADERS, KEY, TIMESTAMP, BoardRecord, compress
from zielzeit.lake.reading import Lake
from zielzeit.lake.table_definitions import DAY, table

_AT_ONCE = 200
"""Boards per row group: 2 MB of compressed boards of large stations."""

_SCHEMA = pa.schema([(column.name, column.type) for column in table(topics.BOARDS).columns])


def keep(boards: Iterable[BoardRecord], lake: Lake) -> list[str]:
    """Write boards, which must be sorted by time, to one file per day; returns the days.

    A file becomes visible when it is whole. A board of a station and time that the lake has already is left out: boards
    that are kept twice are there once, also where the storage job has them or a day has been compacted.
    """
    return [
        str(_keep_day(day, same, lake))
        for day, same in groupby(boards, key=lambda board: board.polled_at.astimezone(BERLIN).date())
    ]


def _keep_day(day: date, boards: Iterable[BoardRecord], lake: Lake) -> date:
    known = _known(day, lake)
    new = (board for board in boards if (board.station, berlin_time.milliseconds(board.polled_at)) not in known)
    if (first := next(new, None)) is not None:
        _write(day, chain([first], new), lake)
    return day


def _known(day: date, lake: Lake) -> set[tuple[str, int]]:
    """Return station and time of the boards that the lake has of a day."""
    files = lake.visible(topics.BOARDS, str(day))
    rows = lake.dataset(topics.BOARDS, files).to_table([KEY, TIMESTAMP])
    return set(zip(rows[KEY].to_pylist(), rows[TIMESTAMP].cast(pa.int64()).to_pylist(), strict=True))


def _write(day: date, boards: Iterable[BoardRecord], lake: Lake) -> None:
    folder = f"{lake.root}/{topics.BOARDS}/{DAY}={day}"
    digest = hashlib.sha256()
    lake.files.create_dir(folder)
    draft = f"{folder}/.added.parquet"
    with pq.ParquetWriter(draft, _SCHEMA, filesystem=lake.files, compression="zstd") as writer:
        for rows in _chunks(boards):
            for board in rows:
                digest.update(f"{board.station}\n{board.polled_at.isoformat()}\n".encode() + board.body)
            writer.write_table(pa.Table.from_pylist([_row(board) for board in rows], _SCHEMA))
    lake.files.move(draft, f"{folder}/added-{digest.hexdigest()[:16]}.parquet")


def _chunks(boards: Iterable[BoardRecord]) -> Iterator[list[BoardRecord]]:
    for _, chunk in groupby(enumerate(boards), key=lambda pair: pair[0] // _AT_ONCE):
        yield [board for _, board in chunk]


def _row(board: BoardRecord) -> dict[str, object]:
    row = {name: getattr(board, name) for name in board.__struct_fields__}
    return row | {"body": compress(board.body)} | {name: str(row[name]) for name in HEADERS}
