"""Reading the lake: its files on a local disk or an S3-compatible store, its tables for pyarrow, DuckDB and polars.

    from zielzeit.lake.reading import dataset
    dataset("outcomes").to_table()                                                      # pyarrow
    outcomes = dataset("outcomes"); duckdb.sql("SELECT status, count(*) FROM outcomes GROUP BY status")

Readers skip names that begin with a dot or an underscore (files in progress, notes of the compaction) and files that a
note says are replaced (``zielzeit.lake.compaction``).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, NamedTuple, Self

import msgspec
import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow import fs

from zielzeit import settings as configuration
from zielzeit.errors import UserError
from zielzeit.lake.table_definitions import DAY, table
from zielzeit.settings import Settings

NOTE = "_compacted-"
"""Prefix of a note's name; the name of the compacted file and ``.json`` follow."""


class File(NamedTuple):
    """A file of a table."""

    day: str
    name: str
    bytes: int
    modified: float
    """Seconds since 1970."""


class Lake(NamedTuple):
    """File system and root folder of a lake."""

    files: fs.FileSystem
    root: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The lake that the settings name. Raises UserError if it is neither a folder nor on S3."""
        if not settings.lake_uri.startswith("s3://"):
            if not settings.lake_uri.startswith("file://"):
                raise UserError(f"ZIELZEIT_LAKE={settings.lake}: give a folder, or s3://bucket/prefix")
            return cls(*fs.FileSystem.from_uri(settings.lake_uri))
        return cls(_s3(settings), settings.lake_uri.removeprefix("s3://"))

    def listing(self, name: str, day: str | None = None) -> list[File]:
        """All files of a table, or of one of its days, notes and drafts included, by day and name.

        Raises UserError if the store does not answer or refuses.
        """
        folder = f"{self.root}/{name}" if day is None else f"{self.root}/{name}/{DAY}={day}"
        selector = fs.FileSelector(folder, allow_not_found=True, recursive=True)
        try:
            found = self.files.get_file_info(selector)
        except OSError as error:
            raise UserError(f"{folder} cannot be listed: {error}") from None
        rows = []
        for info in found:
            *_, parent, file = info.path.rsplit("/", 2)
            if info.type is fs.FileType.File and parent.startswith(f"{DAY}="):
                rows.append(File(parent.removeprefix(f"{DAY}="), file, info.size or 0, info.mtime.timestamp()))
        return sorted(rows)

    def path(self, name: str, file: File) -> str:
        """Path of a table's file in the file system."""
        return f"{self.root}/{name}/{DAY}={file.day}/{file.name}"

    def visible(self, name: str, day: str | None = None) -> list[File]:
        """Files of a table, or of one of its days, that together hold each row once."""
        listing = self.listing(name, day)
        present = {(file.day, file.name) for file in listing}
        replaced = {
            (note.day, old)
            for note in listing
            if is_note(note.name) and (note.day, noted(note.name)) in present
            for old in self.replaced(self.path(name, note))
        }
        return [file for file in listing if is_data(file.name) and (file.day, file.name) not in replaced]

    def replaced(self, note: str) -> list[str]:
        """Names of the files that a note says are replaced; empty if the note is gone, because then they are too."""
        try:
            with self.files.open_input_stream(note) as stream:
                return msgspec.json.decode(stream.read(), type=list[str])
        except FileNotFoundError:
            return []

    def dataset(self, name: str, files: Iterable[File] | None = None) -> ds.Dataset:
        """A table, or some of its files. Days are dates, times UTC; columns that a file lacks are null."""
        chosen = self.visible(name) if files is None else files
        return ds.FileSystemDataset.from_paths(
            [self.path(name, file) for file in chosen],
            schema=table(name).schema,
            format=ds.ParquetFileFormat(),
            filesystem=self.files,
            partitions=[ds.field(DAY) == pa.scalar(file.day).cast(pa.date32()) for file in chosen],
        )


def dataset(name: str, lake: str | None = None) -> ds.Dataset:
    """A table of a lake, by default of the one that the environment's settings name.

    Raises UserError if there is no such table or lake.
    """
    return Lake.of(configuration.load(lake=lake)).dataset(name)


def is_data(name: str) -> bool:
    """Return True if a file of this name holds rows."""
    return not name.startswith((".", "_"))


def is_note(name: str) -> bool:
    """Return True if a file of this name is a note: which files a compacted file replaces."""
    return name.startswith(NOTE)


def noted(name: str) -> str:
    """Name of the compacted file of a note."""
    return name.removeprefix(NOTE).removesuffix(".json")


def _s3(settings: Settings) -> Any:
    return _s3_at(
        settings.s3_endpoint,
        settings.s3_access_key,
        settings.s3_secret_key.get_secret_value(),
        settings.s3_region,
        settings.s3_path_style,
    )


@functools.cache
def _s3_at(endpoint: str, key: str, secret: str, region: str, path_style: bool) -> Any:
    """One file system per store, because creating it is slow. Without a key: from the environment or machine's role."""
    return fs.S3FileSystem(
        access_key=key or None,
        secret_key=secret or None,
        endpoint_override=endpoint or None,
        region=region,
        force_virtual_addressing=not path_style,
    )
