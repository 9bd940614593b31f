"""Finished history from a database: writes the rows of a query to a file that the import reads like any other.

ADBC hands over whole columns, so reading rows costs about as much as from a Parquet file. The query names its columns
as one of the known kinds of files does (``training.history.file_formats``).
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from zielzeit.berlin_time import BERLIN
from zielzeit.errors import UserError
from zielzeit.progress import SILENT, Progress, Step

SCHEMES = ("postgresql", "postgres")


def fetch(uri: str, query: str, out: Path, progress: Progress = SILENT) -> int:
    """Write the query's rows to a Parquet file, batch by batch; return how many there were.

    Times with a zone become wall times of Berlin, as in history files. Raises UserError where the database cannot be
    reached, refuses the query, or has no rows for it; the message never contains the address, which may contain a
    password.
    """
    if urlsplit(uri).scheme not in SCHEMES:
        raise UserError("the database's address must begin with postgresql://, e.g. postgresql://reader@host/trains")
    from adbc_driver_manager import Error  # noqa: PLC0415 - two drivers that few imports need
    from adbc_driver_postgresql import dbapi  # noqa: PLC0415

    try:
        with closing(dbapi.connect(uri)) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(query)
            with progress.step("rows read from the database") as step:
                rows = _write(cursor.fetch_record_batch(), out, step)
    except Error as error:
        raise UserError(f"the database did not answer the query: {_reason(error)}") from None
    if not rows:
        raise UserError("the database has no rows for the query: nothing was imported")
    return rows


def _write(batches: pa.RecordBatchReader, out: Path, step: Step) -> int:
    rows, writer = 0, None
    try:
        for batch in batches:
            table = _wall_times(pl.DataFrame(pl.from_arrow(batch))).to_arrow()
            writer = writer or pq.ParquetWriter(out, table.schema, compression="zstd")
            writer.write_table(table.cast(writer.schema))
            rows += batch.num_rows
            step.advance(batch.num_rows)
    finally:
        if writer:
            writer.close()
    return rows


def _wall_times(frame: pl.DataFrame) -> pl.DataFrame:
    zoned = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime) and kind.time_zone]
    return frame.with_columns(pl.col(zoned).dt.convert_time_zone(BERLIN.key).dt.replace_time_zone(None))


def _reason(error: Exception) -> str:
    """Return the first line of the server's message, without the driver's prefix."""
    return str(error).strip().splitlines()[0].removeprefix("INVALID_ARGUMENT: ")
