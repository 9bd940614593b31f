"""Finished history from a database: writes the rows of a query to a file that the import reads like any other.

ADBC hands over whole columns, so reading rows costs about as much as from a Parquet file. The query names its columns
as one of the known kinds of files does (``training.history.file_formats``).
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from zielzeit.errors import UserError
from zielzeit.progress import SILENT, Progress, Step

SCHEMES = ("postgresql", "postgres")


def fetch(uri: str, query: str, out: Path, progress: Progress = SILENT) -> int:
    """Write the query's rows to a Parquet file, batch by batch; return how many there were.

    Types stay as the database has them: the import reads or refuses them as those of a file. Raises UserError where the
    database cannot be reached, refuses the query, or has no rows for it; the message never contains the address, which
    may contain a password.
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
            table = pa.Table.from_batches([batch])
            writer = writer or pq.ParquetWriter(out, table.schema, compression="zstd")
            writer.write_table(table)
            rows += batch.num_rows
            step.advance(batch.num_rows)
    finally:
        if writer:
            writer.close()
    return rows


def _reason(error: Exception) -> str:
    """Return the first line of the server's message, without the driver's prefix."""
    return str(error).strip().splitlines()[0].removeprefix("INVALID_ARGUMENT: ")
