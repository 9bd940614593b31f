"""The user's own stations: a CSV file that adds to the packaged table or overrides it (``ZIELZEIT_STATIONS``).

The first line names the columns, in any order: ``eva`` and ``name`` (as on boards) are needed, ``aliases``,
``earlier``, ``ds100`` and ``group`` are optional. Several aliases, earlier names or codes are separated by ``|``.
``group`` is the EVA number of the station that this one is a part of; its own number takes it out of the table's group.
Blank lines and lines that begin with ``#`` are skipped.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from zielzeit.errors import UserError
from zielzeit.stations.spelling import comparable, composed, eva_number
from zielzeit.stations.station import Station

_NEEDED = ("eva", "name")
_COLUMNS = (*_NEEDED, "aliases", "earlier", "ds100", "group")
_MOST_DIGITS = 9


def read_own_file(path: Path) -> list[Station]:
    """The stations of the user's file.

    Raises UserError, with file, line and column, at what cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"ZIELZEIT_STATIONS={path}: {error}; give a CSV file in UTF-8") from None
    return list(_stations(path, text))


def _stations(path: Path, text: str) -> Iterator[Station]:
    lines = csv.reader(text.splitlines(), skipinitialspace=True)
    columns: list[str] = []
    seen: dict[str, int] = {}
    try:
        for fields in lines:
            if not any(field.strip() for field in fields) or fields[0].startswith("#"):
                continue
            if not columns:
                columns = _header(path, lines.line_num, fields)
                continue
            station = _station(_Row(path, lines.line_num, columns, fields))
            first = seen.setdefault(station.eva, lines.line_num)
            if first != lines.line_num:
                raise UserError(
                    f"{path}, line {lines.line_num}, column eva: {station.eva} stands in line {first} already; "
                    "give all its names in one line (aliases, by |)"
                )
            yield station
    except csv.Error as error:
        raise UserError(f"{path}, line {lines.line_num}: {error}") from None
    if not columns:
        raise UserError(f"{path} is empty: its first line names the columns, {','.join(_COLUMNS)}")


def _header(path: Path, line: int, fields: list[str]) -> list[str]:
    columns = [field.strip().lower() for field in fields]
    for column in columns:
        if column not in _COLUMNS:
            raise UserError(f"{path}, line {line}, column {column!r}: unknown; the columns are {', '.join(_COLUMNS)}")
        if columns.count(column) > 1:
            raise UserError(f"{path}, line {line}, column {column}: named twice")
    for column in _NEEDED:
        if column not in columns:
            raise UserError(f"{path}, line {line}: column {column} is missing; the first line names the columns")
    return columns


class _Row:
    """A line of the file, with what an error must say of it."""

    def __init__(self, path: Path, line: int, columns: list[str], fields: list[str]) -> None:
        self._path, self._line = path, line
        if len(fields) > len(columns):
            raise UserError(f"{path}, line {line}: {len(fields)} fields for {len(columns)} columns; quote names with ,")
        self._fields = dict(zip(columns, fields, strict=False))

    def text(self, column: str) -> str:
        """The field, composed."""
        return composed(self._fields.get(column, ""))

    def texts(self, column: str) -> tuple[str, ...]:
        """The values of a field that may have several."""
        return tuple(value for part in self._fields.get(column, "").split("|") if (value := composed(part)))

    def error(self, column: str, problem: str) -> UserError:
        """What is wrong with a field."""
        return UserError(f"{self._path}, line {self._line}, column {column}: {problem}")


def _station(row: _Row) -> Station:
    if not row.text("name"):
        raise row.error("name", "empty; give the name as boards spell it")
    for column in ("name", "aliases", "earlier"):
        for name in row.texts(column):
            if eva_number(comparable(name)) is not None:
                raise row.error(column, f"{name!r} is a number, and numbers are EVA numbers")
    eva = _eva(row, "eva")
    return Station(
        eva=eva,
        name=row.text("name"),
        aliases=row.texts("aliases"),
        earlier=row.texts("earlier"),
        codes=row.texts("ds100"),
        group=_eva(row, "group") if row.text("group") else "",
    )


def _eva(row: _Row, column: str) -> str:
    text = row.text(column)
    number = eva_number(text)
    if number is None or number == "0" or len(number) > _MOST_DIGITS:
        raise row.error(column, f"{text!r} is no EVA number; expected digits, e.g. 8000105")
    return number
