"""Copy recorded boards to the lake's table ``boards``, beside those that the storage job writes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby

import pyarrow as pa
import pyarrow.parquet as pq

from zielzeit import topics
from zielzeit.berlin_time import BERLIN
from zielzeit.boards.record import HEADERS, BoardRecord, compress
from zielzeit.lake.reading import Lake
from zielzeit.lake.table_definitions import DAY, table

_AT_ONCE = 200
"""Boards per row group: 2 MB of compressed boards of large stations."""

_SCHEMA = pa.schema([(column.name, column.type) for column in table(topics.BOARDS).columns])


def keep(boards: Iterable[BoardRecord], lake: Lake) -> list[str]:
    """Write boards, which must be sorted by time, to one file per day; returns the days.

    A file becomes visible when it is whole. Its name is a hash of its contents: boards that are kept twice are there
    once.
    """
    return [
        str(_keep_day(day, same, lake))
        for day, same in groupby(boards, key=lambda board: board.polled_at.astimezone(BERLIN).date())
    ]


def _keep_day(day: date, boards: Iterable[BoardRecord], lake: Lake) -> date:
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
    return day


def _chunks(boards: Iterable[BoardRecord]) -> Iterator[list[BoardRecord]]:
    for _, chunk in groupby(enumerate(boards), key=lambda pair: pair[0] // _AT_ONCE):
        yield [board for _, board in chunk]


def _row(board: BoardRecord) -> dict[str, object]:
    row = {name: getattr(board, name) for name in board.__struct_fields__}
    return row | {"body": compress(board.body)} | {name: str(row[name]) for name in HEADERS}
