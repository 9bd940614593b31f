"""Boards as DBF's REST API sends them, read into typed rows.

``GET /{station}.json?version=3`` of db-fakedisplay; docs/architecture.md lists the fields. Only what the decision
needs is decoded; the route, most of a board's bytes, stays raw until a train is decided.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import zstandard

from zielzeit import berlin_time

MAX_BODY = 64 * 1024 * 1024
"""Bytes of an unpacked board at most; real ones have about 80 KB."""
MAX_DELAY = 24 * 60
"""Minutes: the feed drops whole days (``in_units('minutes')``), so more is an artefact."""

MAX_ROWS = 5_000
"""A board has a few hundred."""
MAX_TEXT = 200
"""Characters of a name, a number or a platform."""
MAX_ROUTE = 64 * 1024
"""Bytes of a row's route; the longest runs have about 5 KB."""

_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_EMPTY_ROUTE = msgspec.Raw(b"[]")


class BoardError(ValueError):
    """A body that is no board; the message says what is wrong and where."""


class Stop(msgspec.Struct, frozen=True, gc=False):
    """One stop of a row's route."""

    name: str
    is_cancelled: bool | int = msgspec.field(name="isCancelled", default=False)


_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
_Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
_Minutes = Annotated[int, msgspec.Meta(ge=-MAX_DELAY, le=MAX_DELAY)]


class Row(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One report: a train as a board shows it. Times are ``HH:MM`` of Berlin's clocks, delays minutes."""

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
    """The whole reply."""

    departures: list[Row]


class _LooseBody(msgspec.Struct, frozen=True):
    departures: list[msgspec.Raw]


class ParsedBoard(msgspec.Struct, frozen=True):
    """A board that was read: its good rows, and what was wrong with the others."""

    rows: list[Row]
    faults: tuple[str, ...] = ()
    """One sentence for each row that could not be read. Such a board cannot prove that a train is gone."""


_decode_body = msgspec.json.Decoder(Body).decode
_decode_loose = msgspec.json.Decoder(_LooseBody).decode
_decode_row = msgspec.json.Decoder(Row).decode
_decode_route = msgspec.json.Decoder(list[Stop]).decode
_decompressor = zstandard.ZstdDecompressor()


def decompress(value: bytes) -> bytes:
    """The body as the server sent it, whether or not the poller packed it with zstd. Raises BoardError."""
    if not value.startswith(_ZSTD_MAGIC):
        return value
    try:
        if zstandard.frame_content_size(value) > MAX_BODY:
            raise BoardError(f"the body unpacks to more than {MAX_BODY} bytes")
        return _decompressor.decompress(value, max_output_size=MAX_BODY)
    except zstandard.ZstdError as error:
        raise BoardError(f"the body is damaged zstd: {error}") from None


def parse(body: bytes) -> ParsedBoard:
    """Rows of a board's body (JSON, UTF-8). Raises BoardError where the body as a whole is no board.

    A row that cannot be read does not cost the others: it is named in ``faults``.
    """
    if len(body) > MAX_BODY:
        raise BoardError(f"the body has {len(body)} bytes, more than {MAX_BODY}")
    try:
        rows = _decode_body(body).departures
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _parse_row_by_row(body, error)
    _check_count(len(rows))
    faults = [fault for index, row in enumerate(rows) if (fault := _fault(row, index))]
    if faults:
        rows = [row for row in rows if not _fault(row, 0)]
    return ParsedBoard(rows, tuple(faults))


def _parse_row_by_row(body: bytes, reason: Exception) -> ParsedBoard:
    try:
        raw_rows = _decode_loose(body).departures
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BoardError(f"the body is no board: {reason}") from None
    _check_count(len(raw_rows))
    rows, faults = [], []
    for index, raw in enumerate(raw_rows):
        try:
            row = _decode_row(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            faults.append(f"row {index}: {error}")
            continue
        fault = _fault(row, index)
        if fault:
            faults.append(fault)
        else:
            rows.append(row)
    return ParsedBoard(rows, tuple(faults))


def _check_count(rows: int) -> None:
    if rows > MAX_ROWS:
        raise BoardError(f"the body is no board: {rows} rows, more than {MAX_ROWS}")


def _fault(row: Row, index: int) -> str | None:
    """What makes a well-typed row meaningless, or None."""
    departure, arrival = row.scheduled_departure, row.scheduled_arrival
    if len(row.route) > MAX_ROUTE:  # it would swell state and events for ever
        return f"row {index}: a route of more than {MAX_ROUTE} bytes"
    if departure is arrival is None:
        return f"row {index}: {row.train} {row.train_number} has neither arrival nor departure"
    for time in (departure, arrival):
        if time is not None and time not in berlin_time.MINUTE_OF_DAY:
            return f"row {index}: {row.train} {row.train_number}: {time!r} is not a time of day HH:MM"
    return None


def route(raw: bytes) -> list[Stop]:
    """The whole run's stops in order; empty where the row's route cannot be read."""
    try:
        return _decode_route(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []


def split_route(row: Row, station: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the stops before and after this station, in order, without cancelled ones.

    A ring line names its station twice: a run that starts here is at the first place, one that ends here at the last.
    Both are empty where the route does not name the station.
    """
    stops = route(row.route)
    if row.scheduled_arrival is None:
        place = 0
    elif row.scheduled_departure is None:
        place = len(stops) - 1
    else:
        place = next((index for index, stop in enumerate(stops) if stop.name == station), -1)
        if place < 0:
            return (), ()
    return (
        tuple(stop.name for stop in stops[:place] if not stop.is_cancelled),
        tuple(stop.name for stop in stops[place + 1 :] if not stop.is_cancelled),
    )


def category(train: str) -> str:
    """``"RE 7"`` → ``RE``: the train's category, the part of its name that does not drift."""
    return train.partition(" ")[0]


def line(train: str) -> str:
    """``S 1``, ``S S1`` and ``S1`` on one line: the line without its category (``1``); ``""`` where there is none."""
    kind, _, name = train.partition(" ")
    name = name.strip()
    return name.removeprefix(kind) or name if name.startswith(kind) else name
