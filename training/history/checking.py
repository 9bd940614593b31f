"""``zielzeit history check``: what an import of some files would read, drop and make, without writing anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from training.history.assembly import ARRIVAL, DEPARTURE, assemble
from training.history.file_formats import FileKind, HistoryFile
from training.history.moments import Moments
from training.history.reading import read_files, stop_records
from zielzeit.errors import UserError
from zielzeit.features.key_names import station_keys
from zielzeit.progress import SILENT, Progress
from zielzeit.stations.register import StationRegister
from zielzeit.stations.table import packaged


class FileCheck(msgspec.Struct, kw_only=True):
    """What is known of one file."""

    path: Path
    kind: FileKind | None = None
    """What the file is, or None where it is not a known kind of history."""
    rows: int = 0
    """Rows of the file."""
    error: str = ""
    """Why the file cannot be imported, in one sentence; else empty."""


class Check(msgspec.Struct, kw_only=True):
    """What an import of all files together would do."""

    files: list[FileCheck]
    rows: int = 0
    """Rows of the files that can be imported."""
    left_out: dict[str, int] = msgspec.field(default_factory=dict)
    """Rows that neither give an example nor belong to a run, by reason."""
    departures: int = 0
    """Examples."""
    labelled: int = 0
    """Examples whose run's end is known."""
    cancelled: int = 0
    """Examples whose run did not reach its destination."""

    @property
    def is_good(self) -> bool:
        """True if an import would take all files."""
        return not any(file.error for file in self.files)


def check_history(
    files: Sequence[Path], moments: Moments, progress: Progress = SILENT, stations: StationRegister | None = None
) -> Check:
    """Read files as ``import_history`` would, into a temporary folder. Files that cannot be read are named in it."""
    check = Check(files=[])
    left_out: Counter[str] = Counter()
    with TemporaryDirectory(prefix="zielzeit-history-") as scratch:
        kept: dict[str, Path] = {}
        for path in files:
            file = FileCheck(path=path)
            check.files.append(file)
            try:
                history = HistoryFile(path)
                file.kind, file.rows = history.kind, history.rows
                found = read_files([path], Path(scratch), progress, stations)
            except UserError as error:
                file.error = str(error)
                continue
            check.rows += found.rows
            left_out.update(found.left_out)
            kept |= {one.name: one for one in found.kept}  # the same file named twice counts once
        stops = stop_records(list(kept.values()), stations)
    if len(stops):
        arrays, _, _, dropped = assemble(stops, moments, station_keys(stations or packaged()))
        left_out.update(dropped)
        departures = np.flatnonzero(arrays.kind == DEPARTURE)
        ends = arrays.end[departures] - 1
        is_labelled = arrays.kind[ends] == ARRIVAL
        check.departures, check.labelled = len(departures), int(is_labelled.sum())
        check.cancelled = int(np.isnan(arrays.delay[ends][is_labelled]).sum())
    check.left_out = dict(left_out)
    return check
