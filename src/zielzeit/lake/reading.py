"""The lake's files, on a local disk or an S3-compatible store, and its tables for pyarrow, DuckDB and polars.

    from zielzeit.lake.reading import dataset
    dataset("outcomes").to_table()                                                      # pyarrow
    outcomes = dataset("outcomes"); duckdb.sql("SELECT status, count(*) FROM outcomes GROUP BY status")

Names that begin with a dot or an underscore are no data: files in progress, and notes of the compaction
(``zielzeit.lake.compaction``), which also say what else not to read.
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
"""A note's name is this, the name of the file that it is about, and ``.json``."""


class File(NamedTuple):
    """A file of a table."""

    day: str
    name: str
    bytes: int
    modified: float
    """Seconds since 1970."""


class Lake(NamedTuple):
    """Where the files are."""

    files: fs.FileSystem
    root: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The lake that the settings name. Raises UserError where it is none that can be opened."""
        if not settings.lake_uri.startswith("s3://"):
            if not settings.lake_uri.startswith("file://"):
                raise UserError(f"ZIELZEIT_LAKE={settings.lake}: give a folder, or s3://bucket/prefix")
            return cls(*fs.FileSystem.from_uri(settings.lake_uri))
        return cls(_s3(settings), settings.lake_uri.removeprefix("s3://"))

    def listing(self, name: str, day: str | None = None) -> list[File]:
        """Every file of a table's days, or of one, also those that are no data, by day and name.

        Raises UserError where the store does not answer or refuses.
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
        """Path of a file of a table."""
        return f"{self.root}/{name}/{DAY}={file.day}/{file.name}"

    def visible(self, name: str, day: str | None = None) -> list[File]:
        """The files that hold a table's rows, of all days or of one, each row once."""
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
        """Which files the one that a note is about stands for; none where the note is gone, for they are then too."""
        try:
            with self.files.open_input_stream(note) as stream:
                return msgspec.json.decode(stream.read(), type=list[str])
        except FileNotFoundError:
            return []

    def dataset(self, name: str, files: Iterable[File] | None = None) -> ds.Dataset:
        """A table, or some of its files; days are dates, times are UTC, columns that older files lack are null."""
        chosen = self.visible(name) if files is None else files
        return ds.FileSystemDataset.from_paths(
            [self.path(name, file) for file in chosen],
            schema=table(name).schema,
            format=ds.ParquetFileFormat(),
            filesystem=self.files,
            partitions=[ds.field(DAY) == pa.scalar(file.day).cast(pa.date32()) for file in chosen],
        )


def dataset(name: str, lake: str | None = None) -> ds.Dataset:
    """A table of the lake that the environment's settings name, or of another one.

    Raises UserError where there is no such table or lake.
    """
    return Lake.of(configuration.load(lake=lake)).dataset(name)


def is_data(name: str) -> bool:
    """Whether a file of this name holds rows."""
    return not name.startswith((".", "_"))


def is_note(name: str) -> bool:
    """Whether a file of this name says what another one replaces."""
    return name.startswith(NOTE)


def noted(name: str) -> str:
    """The file that a note of this name is about."""
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
    """One for each store: making one takes a while. Without a key: as the environment or the machine's role says."""
    return fs.S3FileSystem(
        access_key=key or None,
        secret_key=secret or None,
        endpoint_override=endpoint or None,
        region=region,
        force_virtual_addressing=not path_style,
    )
