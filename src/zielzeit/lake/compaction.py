"""Many small files of a finished day become one, and no reader ever sees a row twice or not at all.

No file system can swap many files for one in a single step, so one file says what another one replaces. For each day:

1. The rows are written under a name that is no data, ``_draft-compacted-ID.parquet``, and counted.
2. The note ``_compacted-compacted-ID.parquet.json`` is written: the names of the files that it will replace.
3. The draft gets its name, ``compacted-ID.parquet``: one step on a disk, and one copy of an object on S3. **From this
   instant** the files in the note are not read any more (``Lake.visible``); before it the note is about a file that is
   not there, and means nothing.
4. The replaced files are deleted, then the note.

A crash before 3 leaves a draft or a note behind, which the next run removes; a crash after 3 leaves files that nobody
reads, and the next run deletes them first. A reader that listed the files before 3 may find one gone after 4: it fails,
and reads again. Readers that do not know the notes can see rows twice between 3 and 4.

A day is finished when it is over in Berlin and nothing was written to it for ``QUIET_SECONDS``: by then Flink has
committed its files and will not ask for them again. Two things are left to whoever runs it on S3: one run at a time
(on a disk a lock sees to that), and only while the storage job runs, for one that is resumed looks for the last files
that it wrote before it stopped.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from zielzeit.berlin_time import BERLIN
from zielzeit.errors import UserError
from zielzeit.lake.reading import NOTE, File, Lake, is_data, is_note, noted
from zielzeit.lake.table_definitions import TABLES, table

QUIET_SECONDS = 3600.0
"""Many times the storage job's interval, and longer than a restart."""
TARGET_BYTES = 128 << 20
"""About how large a compacted file may become."""
_ROWS = 64_000
_DRAFT = "_draft-"


class Compacted(NamedTuple):
    """Files of one day of a table that became one."""

    table: str
    day: str
    files: int


def compact(
    lake: Lake,
    *,
    quiet_seconds: float = QUIET_SECONDS,
    target_bytes: int = TARGET_BYTES,
    now: Callable[[], float] = time.time,
    done: Callable[[Compacted], None] = lambda one: None,
) -> list[Compacted]:
    """Finish what an earlier run left, then compact every finished day that has more files than it needs."""
    results = []
    with _alone(lake):
        for one in TABLES:
            for day in _days(lake, one.name):
                tidy(lake, one.name, day)
            for day in _days(lake, one.name):
                if not _is_finished(day, now(), quiet_seconds):
                    continue
                for batch in batches([file for file in day if is_data(file.name)], target_bytes):
                    replace(lake, one.name, batch)
                    results.append(Compacted(one.name, batch[0].day, len(batch)))
                    done(results[-1])
    return results


def batches(files: Sequence[File], target_bytes: int) -> Iterator[list[File]]:
    """Which files of a day to make one of: as many as fit, at least two; those that are large enough stay."""
    batch: list[File] = []
    for file in sorted(files, key=lambda file: (file.bytes, file.name)):
        if batch and sum(one.bytes for one in batch) + file.bytes > target_bytes:
            break
        batch.append(file)
    if len(batch) > 1:
        yield batch
        yield from batches([file for file in files if file not in batch], target_bytes)


def replace(lake: Lake, name: str, batch: Sequence[File], *, step: Callable[[str], None] = lambda what: None) -> None:
    """Make one file of some of a day; ``step`` is told what is done next, so that tests can crash there."""
    day = batch[0].day
    new = File(day, f"compacted-{uuid.uuid4().hex}.parquet", 0, 0.0)
    draft, note = new._replace(name=_DRAFT + new.name), new._replace(name=f"{NOTE}{new.name}.json")
    step("draft")
    _write(lake, name, batch, draft)
    step("note")
    with lake.files.open_output_stream(lake.path(name, note)) as stream:
        stream.write(msgspec.json.encode([file.name for file in batch]))
    _persist(lake, name, draft, note)
    step("name")
    lake.files.move(lake.path(name, draft), lake.path(name, new))
    _persist(lake, name, new)
    for file in batch:
        step("delete")
        lake.files.delete_file(lake.path(name, file))
    step("forget")
    lake.files.delete_file(lake.path(name, note))


def tidy(lake: Lake, name: str, day: Sequence[File]) -> None:
    """Carry on, or take back, what a crash cut short on a day."""
    present = {file.name for file in day}
    for note in filter(lambda file: is_note(file.name), day):
        if noted(note.name) in present:
            for old in lake.replaced(lake.path(name, note)):
                if old in present:
                    lake.files.delete_file(lake.path(name, note._replace(name=old)))
        lake.files.delete_file(lake.path(name, note))
    for draft in filter(lambda file: file.name.startswith(_DRAFT), day):
        lake.files.delete_file(lake.path(name, draft))


def _write(lake: Lake, name: str, batch: Sequence[File], target: File) -> None:
    """The rows of some files as one, in the order of the files. Raises UserError where the count does not come out."""
    rows, schema, path = lake.dataset(name, batch), table(name).file_schema, lake.path(name, target)
    with pq.ParquetWriter(path, schema, filesystem=lake.files, compression="zstd") as writer:
        for part in rows.to_batches(columns=schema.names, batch_size=_ROWS):
            writer.write_table(pa.Table.from_batches([part]).cast(schema))
    written, expected = pq.read_metadata(path, filesystem=lake.files).num_rows, rows.count_rows()
    if written != expected:
        raise UserError(f"{path} has {written} rows instead of {expected}: the files that it was made of stay")


def _persist(lake: Lake, name: str, *files: File) -> None:
    """On a disk: what was written and named survives a loss of power, before anything is deleted."""
    if isinstance(lake.files, fs.LocalFileSystem):
        paths = [Path(lake.path(name, file)) for file in files]
        for path in [*paths, *{path.parent for path in paths}]:
            handle = os.open(path, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)


def _days(lake: Lake, name: str) -> list[list[File]]:
    return [list(files) for _, files in groupby(lake.listing(name), key=lambda file: file.day)]


def _is_finished(day: Sequence[File], now: float, quiet_seconds: float) -> bool:
    today = datetime.fromtimestamp(now, BERLIN).date()
    return day[0].day < today.isoformat() and max(file.modified for file in day) < now - quiet_seconds


@contextmanager
def _alone(lake: Lake) -> Iterator[None]:
    """Hold the lake's lock. Raises UserError where another compaction holds it."""
    if not isinstance(lake.files, fs.LocalFileSystem):
        yield
        return
    Path(lake.root).mkdir(parents=True, exist_ok=True)
    with (Path(lake.root) / "_compaction.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"another compaction of {lake.root} is at work: let it finish") from None
        yield
