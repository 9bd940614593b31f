"""Rows whose values have other types than DBF's: read where the meaning is certain, else what is known of their train.

Caches, gateways and self-hosted versions write numbers as text, text as numbers, null for flags, and what Python's
``json`` writes and JSON does not know: ``NaN``, ``Infinity``, halves of surrogate pairs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from zielzeit import berlin_time

DECODE_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for JSON that does not have the expected form."""

_TIME = re.compile(r"\s*(\d{1,2}):(\d{2})(?::\d{2})?\s*", re.ASCII)
_INTEGER = re.compile(r"\s*([+-]?\d{1,6})\s*", re.ASCII)
_FLAGS: Final = {"0": False, "1": True, "false": False, "true": True}

_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_any = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class UnreadableRow(msgspec.Struct, frozen=True):
    """A row that could not be read, and what is known of its train."""

    index: int
    """Place on the board, from 0."""
    reason: str
    raw: bytes
    """The row's JSON."""
    category: str | None = None
    number: str | None = None
    time: str | None = None
    """Planned time ``HH:MM`` that is half of the train's identity: of its departure, or of its arrival without one."""


def normalised(raw: bytes) -> bytes:
    """Return a row's JSON with each value whose meaning is certain in DBF's form; the others stay.

    Raises one of ``DECODE_ERRORS`` for what is not an object.
    """
    fields: dict[str, Any] = dict(_decode_fields(raw))
    for name, read in _READERS.items():
        if name in fields:
            value = read(_decode_any(fields[name]))
            if value is not None:
                fields[name] = value
    if bytes(fields.get("destination", b"")) == b"null":
        del fields["destination"]
    return _encode(fields)


def loose_rows(body: bytes) -> list[bytes] | None:
    """Return the JSON of each row of a body that is JSON for Python alone, or begins with a mark of its byte order.

    ``NaN`` and ``Infinity`` become null, half a surrogate pair U+FFFD: they cost a value, or a row, not the board.
    None if the body is no board for Python, either.
    """
    try:
        whole = json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    rows = whole.get("departures") if isinstance(whole, dict) else None
    return [_utf8(json.dumps(row, ensure_ascii=False)) for row in rows] if isinstance(rows, list) else None


def _utf8(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def stops(raw: bytes) -> Iterator[tuple[str, bool]]:
    """Yield name and cancellation of the stops of a route whose values have other types than DBF's.

    A stop without a name, and one that may or may not be cancelled, is left out.
    """
    try:
        route = _decode_any(raw)
    except DECODE_ERRORS:
        return
    for stop in route if isinstance(route, list) else ():
        if not isinstance(stop, dict):
            continue
        name, cancelled = stop.get("name"), _flag(stop.get("isCancelled"))
        name = name if isinstance(name, str) else _text(name)
        if name and cancelled is not None:
            yield name, cancelled


def unreadable(index: int, raw: bytes, reason: str) -> UnreadableRow:
    """Return an unreadable row with what its readable values tell of its train."""
    try:
        fields = _decode_any(normalised(raw))
    except DECODE_ERRORS:
        return UnreadableRow(index, reason, raw)
    train, number = fields.get("train"), fields.get("trainNumber")
    departure, arrival = fields.get("scheduledDeparture"), fields.get("scheduledArrival")
    time = arrival if departure is None else departure
    return UnreadableRow(
        index,
        reason,
        raw,
        category=(train.partition(" ")[0] or None) if isinstance(train, str) else None,
        number=number or None if isinstance(number, str) else None,
        time=time if isinstance(time, str) and time in berlin_time.MINUTE_OF_DAY else None,
    )


def _text(value: object) -> str | None:
    """Return a whole number as text."""
    number = _whole(value)
    return None if number is None else str(number)


def _minutes(value: object) -> int | None:
    if isinstance(value, str) and (found := _INTEGER.fullmatch(value)):
        return int(found[1])
    return _whole(value)


def _flag(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, str):
        return _FLAGS.get(value.strip().lower())
    return bool(value) if _whole(value) in (0, 1) else None


def _time(value: object) -> str | None:
    """Return ``00:00`` of ``24:00``, ``09:05`` of ``9:05`` and of ``09:05:00``."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    hour, minute = int(found[1]), found[2]
    return f"{0 if (hour, minute) == (24, '00') else hour:02}:{minute}"


def _whole(value: object) -> int | None:
    """Return a number without a fraction as an integer; a flag is no number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


_READERS: Final[dict[str, Callable[[object], object]]] = {
    "trainNumber": _text,
    "platform": _text,
    "scheduledArrival": _time,
    "scheduledDeparture": _time,
    "delayArrival": _minutes,
    "delayDeparture": _minutes,
    "isCancelled": _flag,
    "missingRealtime": _flag,
}
"""Field → what returns its value in DBF's form, or None where the meaning is not certain."""
