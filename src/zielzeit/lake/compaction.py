"""Compaction: merge the small files of a finished day into one, so that readers see each row exactly once throughout.

No file system can replace many files by one in a single step, so a note says which files a compacted file replaces.
For each day:

1. Write the rows to ``_draft-compacted-ID.parquet``, a name that readers skip, and count them.
2. Write the note ``_compacted-compacted-ID.parquet.json``: the names of the files to be replaced.
3. Rename the draft to ``compacted-ID.parquet``: one step on a disk, one copy of an object on S3. **From this instant**
   readers skip the files that the note names (``Lake.visible``). Before it the note names a file that does not exist,
   and readers ignore it.
4. Delete the replaced files, then the note.

After a crash before step 3 the next run removes the draft and the note; after a crash behind step 3 it deletes the
replaced files first. A reader that listed the files before step 3 may miss one after step 4: it fails and must read
again. Readers that do not know the notes may see rows twice between steps 3 and 4.

A day is finished when it is over in Berlin and nothing was written to it for ``QUIET_SECONDS``: then Flink has
committed its files and no longer needs them. On S3 the caller must make sure that only one compaction runs at a time
(on a disk a lock does) and that the storage job is running, because a job that is resumed looks for the last files
that it wrote before it stopped.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from zielzeit import file_lock
from zielzeit.berlin_time import BERLIN
from zielzeit.errors import UserError
from zielzeit.lake.reading import NOTE, File, Lake, is_data, is_note, noted
from zielzeit.lake.table_definitions import TABLES, table
from zielzeit.progress import SILENT, Progress

QUIET_SECONDS = 3600.0
"""Seconds without a new file after which a day is finished: many checkpoint intervals, longer than a restart."""
TARGET_BYTES = 128 << 20
"""Approximate largest size of a compacted file."""
_ROWS = 64_000
_DRAFT = "_draft-"


class Compacted(NamedTuple):
    """A compacted file: its table, its day, and how many files it replaced."""

    table: str
    day: str
    files: int


def compact(
    lake: Lake,
    *,
    quiet_seconds: float = QUIET_SECONDS,
    target_bytes: int = TARGET_BYTES,
    now: Callable[[], float] = time.time,
    progress: Progress = SILENT,
) -> list[Compacted]:
    """Clean up after an earlier run, then compact every finished day that has more files than it needs.

    Raises UserError if another compaction of the same folder is running.
    """
    results = []
    with _alone(lake), progress.step("compacting") as step:
        for one in TABLES:
            for day in _days(lake, one.name):
                tidy(lake, one.name, day)
            for day in _days(lake, one.name):
                if not _is_finished(day, now(), quiet_seconds):
                    continue
                for batch in batches([file for file in day if is_data(file.name)], target_bytes):
                    replace(lake, one.name, batch)
                    results.append(Compacted(one.name, batch[0].day, len(batch)))
                    step.say(f"{one.name} of {batch[0].day}, {len(batch)} files")
    return results


def batches(files: Sequence[File], target_bytes: int) -> Iterator[list[File]]:
    """Groups of a day's files to merge, each of at least two files and at most ``target_bytes``."""
    batch: list[File] = []
    for file in sorted(files, key=lambda file: (file.bytes, file.name)):
        if batch and sum(one.bytes for one in batch) + file.bytes > target_bytes:
            break
        batch.append(file)
    if len(batch) > 1:
        yield batch
        yield from batches([file for file in files if file not in batch], target_bytes)


def replace(lake: Lake, name: str, batch: Sequence[File], *, step: Callable[[str], None] = lambda what: None) -> None:
    """Merge files of one day; ``step`` is called with the name of each next step, so that tests can crash there."""
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
    """Complete or undo on one day what a crash interrupted."""
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
    """Write the rows of some files to one, in the order of the files. Raises UserError if the row counts differ."""
    rows, schema, path = lake.dataset(name, batch), table(name).file_schema, lake.path(name, target)
    with pq.ParquetWriter(path, schema, filesystem=lake.files, compression="zstd") as writer:
        for part in rows.to_batches(columns=schema.names, batch_size=_ROWS):
            writer.write_table(pa.Table.from_batches([part]).cast(schema))
    written, expected = pq.read_metadata(path, filesystem=lake.files).num_rows, rows.count_rows()
    if written != expected:
        raise UserError(f"{path} has {written} rows instead of {expected}: the original files stay")


def _persist(lake: Lake, name: str, *files: File) -> None:
    """On a disk, flush files and their folders, so that they survive a power loss before anything is deleted."""
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


def _alone(lake: Lake) -> AbstractContextManager[None]:
    """Hold the lock of a lake on a disk. Raises UserError if another compaction holds it."""
    if not isinstance(lake.files, fs.LocalFileSystem):
        return nullcontext()
    running = f"another compaction of {lake.root} is running: wait until it has finished"
    return file_lock.held(Path(lake.root) / "_compaction.lock", running)
