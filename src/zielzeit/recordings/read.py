"""Recorded boards in order of time, from folders with one file per board and from files of JSON lines.

One file per board: ``YYYYMMDDTHHMM.json``, optionally with seconds, ``.gz`` or ``.zst``. The name is ``polled_at`` in
Europe/Berlin; ``Z`` or an offset (``20241027T0230+0100``) may follow. Without an offset, a time in the hour that the
end of summer time repeats is its first pass. The station is the name of the folder, or the part of the file's name
before an underscore (``Essen Hbf_20140103T2001.json.gz``).

JSON lines (``.jsonl``, ``.ndjson``, optionally ``.gz`` or ``.zst``): see ``zielzeit.recordings.json_lines``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from heapq import merge
from operator import attrgetter
from pathlib import Path

import msgspec

from zielzeit.berlin_time import BERLIN
from zielzeit.boards.parse import decompress
from zielzeit.boards.record import BoardRecord, compress
from zielzeit.errors import UserError
from zielzeit.recordings import json_lines
from zielzeit.recordings.decompress import read_bytes, read_lines
from zielzeit.stations.board_key import BoardKey

_BOARD_NAME = re.compile(
    r"(?:(?P<station>.+)_)?(?P<minute>\d{8}T\d{4})(?P<second>\d{2})?(?P<offset>Z|[+-]\d{2}:?\d{2})?\.json(?:\.gz|\.zst)?"
)
_LINES_NAME = re.compile(r".*\.(?:jsonl|ndjson)(?:\.gz|\.zst)?")
_FORM = "YYYYMMDDTHHMM.json[.gz|.zst], local time of Berlin, e.g. 20241030T1630.json.gz or Essen Hbf_20140103T2001.json"
_in_order = attrgetter("polled_at", "station")


class BoardFile(msgspec.Struct, frozen=True, order=True):
    """A file with one board; files sort by time."""

    polled_at: datetime
    station: str
    path: Path

    def read(self) -> BoardRecord:
        """The board. Raises UserError if the file is unreadable, truncated or empty."""
        return BoardRecord(
            station=self.station,
            body=read_bytes(self.path),
            polled_at=self.polled_at,
            source="replay",
            url=_origin(self.path),
        )


class LinesFile(msgspec.Struct, frozen=True):
    """A file of JSON lines that was read once already: every line is valid."""

    path: Path
    boards: int
    sorted: bool

    def read(self) -> Iterator[BoardRecord]:
        """Boards in order of time: lazily, or sorted in memory (compressed) where the file is not sorted."""
        if self.sorted:
            yield from _read_jsonl(self.path)
            return
        compressed = [msgspec.structs.replace(board, body=compress(board.body)) for board in _read_jsonl(self.path)]
        for board in sorted(compressed, key=_in_order):
            yield msgspec.structs.replace(board, body=decompress(board.body))


class Recording(msgspec.Struct, frozen=True):
    """Files with boards under the given paths."""

    files: tuple[BoardFile, ...]
    lines: tuple[LinesFile, ...]

    @property
    def boards(self) -> int:
        """Number of boards."""
        return len(self.files) + sum(file.boards for file in self.lines)

    def read(self) -> Iterator[BoardRecord]:
        """All boards in order of time, then station, lazily. Raises UserError at a file that cannot be read."""
        return merge((file.read() for file in self.files), *(file.read() for file in self.lines), key=_in_order)


def read_boards(paths: Sequence[Path], station: str | None = None) -> Iterator[BoardRecord]:
    """Every board under the paths in order of time; ``station`` names the boards that are in files of their own.

    Raises UserError for a path that does not exist, a name without a time, and a file that cannot be read.
    """
    return find_boards(paths, station).read()


def find_boards(paths: Sequence[Path], station: str | None = None) -> Recording:
    """Find the files under the paths, check their names and read the JSON lines once.

    Raises UserError like ``read_boards``; most errors are found here, before the first board.
    """
    files: list[BoardFile] = []
    lines: list[LinesFile] = []
    seen: set[Path] = set()
    for given in paths:
        found = list(_walk(given))
        if not found:
            raise UserError(f"{given} holds no boards: expected files named {_FORM}, or JSON lines (.jsonl)")
        for path in found:
            if path.resolve() in seen:
                continue
            seen.add(path.resolve())
            if _LINES_NAME.fullmatch(path.name):
                lines.append(_check_lines(path))
            else:
                files.append(_board_file(path, station))
    return Recording(tuple(sorted(files)), tuple(lines))


def with_keys(boards: Iterable[BoardRecord], key: BoardKey) -> Iterator[BoardRecord]:
    """The boards under their stations' keys, as topic and lake hold them, however their folders spell the stations."""
    return (msgspec.structs.replace(board, station=key(board.station)) for board in boards)


def parse_name(name: str) -> tuple[str | None, datetime]:
    """Station, if the name has one, and time (UTC) of a board file. Raises ValueError if the name has no time."""
    match = _BOARD_NAME.fullmatch(name)
    if match is None:
        raise ValueError("no time in the name")
    digits = match["minute"] + (match["second"] or "00")
    if match["offset"]:
        at = datetime.strptime(digits + match["offset"], "%Y%m%dT%H%M%S%z")
    else:
        at = datetime.strptime(digits, "%Y%m%dT%H%M%S").replace(tzinfo=BERLIN)
    return match["station"], _utc(at)


def _utc(at: datetime) -> datetime:
    """Return an aware time in UTC. Raises ValueError for one at the ends of the calendar, which UTC may not have."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{at.isoformat()} is no time of a board") from None


def _walk(path: Path) -> Iterator[Path]:
    """Board files and JSON lines at or under the path; hidden and other files in folders are skipped."""
    if path.is_dir():
        for child in sorted(path.iterdir()):
            if not child.name.startswith(".") and (child.is_dir() or _is_recording(child)):
                yield from _walk(child)
    elif not path.exists():
        raise UserError(f"{path} does not exist: give a folder of boards, a board or a file of JSON lines")
    elif not _is_recording(path):
        raise UserError(f"{path} is not a recording: expected a file named {_FORM}, or JSON lines (.jsonl)")
    else:
        yield path


def _is_recording(path: Path) -> bool:
    return ".json" in path.suffixes or bool(_LINES_NAME.fullmatch(path.name))


def _board_file(path: Path, station: str | None) -> BoardFile:
    try:
        named, at = parse_name(path.name)
    except ValueError as error:
        raise UserError(f"{path} does not say when it was polled ({error}): name it {_FORM}") from None
    return BoardFile(at, station or named or path.resolve().parent.name, path)


def _check_lines(path: Path) -> LinesFile:
    count, ascending, last = 0, True, None
    for board in _read_jsonl(path):
        count += 1
        ascending = ascending and (last is None or last <= _in_order(board))
        last = _in_order(board)
    if not count:
        raise UserError(f"{path} is empty: restore or remove it")
    return LinesFile(path, count, ascending)


def _read_jsonl(path: Path) -> Iterator[BoardRecord]:
    for number, text in read_lines(path):
        try:
            line = json_lines.decode_line(text)
            body, polled_at = line.text(), _utc(line.polled_at)
        except (msgspec.DecodeError, ValueError) as error:
            raise UserError(f"{path}, line {number}: {error}; expected {json_lines.FORM}") from None
        yield BoardRecord(
            station=line.station,
            body=body,
            polled_at=polled_at,
            source="replay",
            url=_origin(path),
        )


def _origin(path: Path) -> str:
    """Folder and file name: enough to find the file again, without the machine's own paths."""
    return f"{path.resolve().parent.name}/{path.name}"
