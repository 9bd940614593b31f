"""Bodies of boards, as DBF's REST API sends them, parsed into typed rows.

``GET /{station}.json?version=3`` of db-fakedisplay; docs/architecture.md lists the fields. Only what the decision
needs is decoded; routes, which are most of a board's bytes, stay raw until a train is decided.
"""

from __future__ import annotations

import threading
from typing import Annotated

import msgspec
import zstandard

from zielzeit import berlin_time
from zielzeit.boards import odd_rows
from zielzeit.boards.odd_rows import DECODE_ERRORS, UnreadableRow, normalised, unreadable

MAX_BODY = 16 * 1024 * 1024
"""Largest body, decompressed, bytes: a hundred times the board of a large station."""
MAX_VALUES = 500_000
"""Most commas in a body, by which the memory of the decoded body is bounded: a large station's board has 8,000."""
MAX_DELAY = 24 * 60
"""Largest delay, minutes: the feed drops whole days (``in_units('minutes')``), so a larger one is an artefact."""

MAX_ROWS = 5_000
"""Largest number of rows; a board of a large station has a few hundred."""
MAX_TEXT = 200
"""Longest name, number or platform, characters."""
MAX_ROUTE = 64 * 1024
"""Longest route of a row, bytes; the longest runs have about 5 KB."""

_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_EMPTY_ROUTE = msgspec.Raw(b"[]")


class BoardError(ValueError):
    """A body is not a board; the message says what is wrong and where."""


class Stop(msgspec.Struct, frozen=True, gc=False):
    """One stop of a row's route."""

    name: str
    is_cancelled: bool | int = msgspec.field(name="isCancelled", default=False)


_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
_Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
_Minutes = Annotated[int, msgspec.Meta(ge=-MAX_DELAY, le=MAX_DELAY)]


class Row(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One report: a train on a board. Times are ``HH:MM`` on Berlin's clocks, delays minutes."""

    train: _Name
    train_number: _Name
    destination: _Text = ""
    scheduled_arrival: _Text | None = None
    scheduled_departure: _Text | None = None
    delay_arrival: _Minutes | None = None
    delay_departure: _Minutes | None = None
    is_cancelled: bool | int = False
    missing_realtime: bool | int | None = False
    platform: _Text | None = None
    route: msgspec.Raw = _EMPTY_ROUTE


class Body(msgspec.Struct, frozen=True, gc=False):
    """The reply as a whole."""

    departures: list[Row]


class _LooseBody(msgspec.Struct, frozen=True):
    departures: list[msgspec.Raw]


class _Routed(msgspec.Struct, frozen=True):
    route: msgspec.Raw = _EMPTY_ROUTE


class ParsedBoard(msgspec.Struct, frozen=True):
    """A parsed board: its readable rows, and the others."""

    rows: list[Row]
    unreadable: tuple[UnreadableRow, ...] = ()


_decode_body = msgspec.json.Decoder(Body).decode
_decode_loose = msgspec.json.Decoder(_LooseBody).decode
_decode_row = msgspec.json.Decoder(Row).decode
_decode_routed = msgspec.json.Decoder(_Routed).decode
_decode_route = msgspec.json.Decoder(list[Stop]).decode


class _Zstd(threading.local):
    """A decompressor per thread: two threads in one would crash the process."""

    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()


def decompress(value: bytes) -> bytes:
    """Return the body as the server sent it, from a zstd frame or a plain body.

    Raises BoardError if the frame is damaged or holds more than ``MAX_BODY`` bytes, without unpacking those.
    """
    if not value.startswith(_ZSTD_MAGIC):
        return value
    try:
        if zstandard.frame_content_size(value) > MAX_BODY:
            raise BoardError(f"the decompressed body has more than {MAX_BODY} bytes")
        body: bytes = _zstd.decompressor.decompress(value, max_output_size=MAX_BODY)
        return body
    except zstandard.ZstdError as error:
        raise BoardError(f"the body is damaged zstd: {error}") from None


def parse(body: bytes) -> ParsedBoard:
    """Parse a board's body (JSON, UTF-8). Raises BoardError if the body as a whole is not a board.

    Rows whose values have other types are read where the meaning is certain; the others are ``unreadable``.
    """
    _check_size(body)
    try:
        rows = _decode_body(body).departures
    except DECODE_ERRORS as error:
        return _parse_row_by_row(body, error)
    _check_count(len(rows))
    if any(map(_fault, rows)):
        return _parse_row_by_row(body)
    return ParsedBoard(rows)


def _parse_row_by_row(body: bytes, reason: Exception | None = None) -> ParsedBoard:
    raw_rows = _raw_rows(body, reason)
    _check_count(len(raw_rows))
    read = [_read(index, raw) for index, raw in enumerate(raw_rows)]
    return ParsedBoard(
        [row for row in read if isinstance(row, Row)],
        tuple(row for row in read if isinstance(row, UnreadableRow)),
    )


def _raw_rows(body: bytes, reason: Exception | None = None) -> list[bytes]:
    """Return the JSON of each row. Raises BoardError, with the reason, if the body as a whole is not a board."""
    try:
        return [bytes(raw) for raw in _decode_loose(body).departures]
    except DECODE_ERRORS as error:
        rows = odd_rows.loose_rows(body)
        if rows is None:
            raise BoardError(f"the body is no board: {reason or error}") from None
        return rows


def _read(index: int, raw: bytes) -> Row | UnreadableRow:
    """Return a row as it is, or else as its values may be meant."""
    fault = ""
    for form in (bytes, normalised):
        try:
            row = _decode_row(form(raw))
        except DECODE_ERRORS as error:
            fault = str(error)
            continue
        fault = _fault(row) or ""
        if not fault:
            return row
    return unreadable(index, raw, fault)


def _check_size(body: bytes) -> None:
    """Raise BoardError for a body that would take far more memory than a board."""
    if len(body) > MAX_BODY:
        raise BoardError(f"the body has {len(body)} bytes, more than {MAX_BODY}")
    if len(body) > MAX_VALUES and body.count(b",") > MAX_VALUES:
        raise BoardError(f"the body is no board: more than {MAX_VALUES} values")


def count_rows(body: bytes) -> int:
    """Number of rows, readable or not, of a board's body. Raises BoardError like ``parse``."""
    _check_size(body)
    return len(_raw_rows(body))


def row_texts(body: bytes) -> list[bytes]:
    """Return the JSON of each row of a body that ``parse`` has read, with bytes of its own."""
    return _raw_rows(body)


def routes(body: bytes) -> list[list[Stop]]:
    """Return the routes of the rows of a board's body, also of unreadable ones. Raises BoardError like ``parse``."""
    _check_size(body)
    return [route(_raw_route(raw)) for raw in _raw_rows(body)]


def _raw_route(row: bytes) -> msgspec.Raw:
    try:
        return _decode_routed(row).route
    except DECODE_ERRORS:
        return _EMPTY_ROUTE


def decode_row(text: bytes | memoryview) -> Row:
    """Return a row from its JSON. Raises one of ``DECODE_ERRORS``."""
    return _decode_row(text)


def is_meaningful(row: Row) -> bool:
    """Return True if ``parse`` takes a row of the right types as it is."""
    return _fault(row) is None


def _check_count(rows: int) -> None:
    if rows > MAX_ROWS:
        raise BoardError(f"the body is no board: {rows} rows, more than {MAX_ROWS}")


def _fault(row: Row) -> str | None:
    """Return what makes a well-typed row meaningless, or None."""
    departure, arrival = row.scheduled_departure, row.scheduled_arrival
    if len(row.route) > MAX_ROUTE:  # it would inflate state and records
        return f"a route of more than {MAX_ROUTE} bytes"
    if row.train_number.isspace():
        return f"{row.train} has no number"
    if departure is arrival is None:
        return f"{row.train} {row.train_number} has neither arrival nor departure"
    for time in (departure, arrival):
        if time is not None and time not in berlin_time.MINUTE_OF_DAY:
            return f"{row.train} {row.train_number}: {time!r} is not a time of day HH:MM"
    return None


def route(raw: bytes) -> list[Stop]:
    """Return all stops of the run in order, without those that cannot be read."""
    try:
        return _decode_route(raw)
    except DECODE_ERRORS:
        return [Stop(name, cancelled) for name, cancelled in odd_rows.stops(raw)]


def category(train: str) -> str:
    """Return the category of a train, ``RE`` of ``RE 7``: the part of its name that never changes."""
    return train.partition(" ")[0]


def line(train: str) -> str:
    """Return the line without its category, ``1`` of ``S 1`` and of ``S S1``; ``""`` if there is none."""
    kind, _, name = train.partition(" ")
    name = name.strip()
    return name.removeprefix(kind) or name if name.startswith(kind) else name
