"""What a reply of DBF is: a board, whose board, or which of its many ways to have none (docs/architecture.md)."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What became of one request."""

    OK = "ok"
    AMBIGUOUS = "ambiguous"
    """300: the name fits several stations."""
    EMPTY_BOARD = "empty board"
    """300: no train in the next three hours."""
    SERVER_ERROR = "server error"
    """500: DBF could not reach its own source, or knows no such station."""
    OTHER_STATUS = "other status"
    NOT_JSON = "not JSON"
    NOT_A_BOARD = "not a board"
    """JSON without usable departures: published, for the job to put aside with its reason."""
    EMPTY_BODY = "empty body"
    OTHER_STATION = "other station"
    """DBF answers for the station with the nearest name, silently."""
    TIMEOUT = "time-out"
    CONNECTION = "connection error"

    @property
    def published(self) -> bool:
        """Whether the body goes into the topic: each 200 that may be this station's."""
        return self in (Verdict.OK, Verdict.NOT_JSON, Verdict.NOT_A_BOARD)


_RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


class Classified(msgspec.Struct, frozen=True):
    """A reply judged."""

    verdict: Verdict
    retry: bool
    """Whether asking again soon may help."""
    detail: str = ""
    common: frozenset[str] = frozenset()
    """Stations that every row's run calls at, of a board."""


class _Stop(msgspec.Struct):
    name: str


class _Row(msgspec.Struct):
    route: list[_Stop] = []


class _Board(msgspec.Struct):
    departures: list[_Row]


class _Error(msgspec.Struct):
    error: str = ""
    candidates: list[msgspec.Raw] | None = None


_board = msgspec.json.Decoder(_Board)
_error = msgspec.json.Decoder(_Error)
_CODE = re.compile(r"\d{5,8}|[A-Z]{2}[A-Z0-9 ]{0,3}")
_PART_OF_STATION = re.compile(r"\s*(\((tief|S-Bahn|S|Fernbahn)\)|Gl\.?\s*[\d-]+)$", re.IGNORECASE)


def is_code(station: str) -> bool:
    """Whether the station was asked for by EVA number or DS100 code, which no route shows."""
    return _CODE.fullmatch(station) is not None


def classify(status: int, body: bytes, station: str, known: frozenset[str] = frozenset()) -> Classified:
    """Judge a reply.

    ``known``: names that the station may have where it was asked for by a code, from ``learn``; empty: not known yet.
    """
    if status == 300:
        return _classify_300(body)
    if status != 200:
        verdict = Verdict.SERVER_ERROR if status == 500 else Verdict.OTHER_STATUS
        return Classified(verdict, status in _RETRIED_STATUS, f"status {status} {_error_text(body)}".strip())
    if not body.strip():
        return Classified(Verdict.EMPTY_BODY, retry=True)
    try:
        board = _board.decode(body)
    except msgspec.ValidationError as error:
        return Classified(Verdict.NOT_A_BOARD, retry=False, detail=str(error))
    except (msgspec.DecodeError, UnicodeError) as error:
        return Classified(Verdict.NOT_JSON, retry=False, detail=str(error))
    return _whose(board, station, known)


def learn(known: frozenset[str], common: frozenset[str]) -> frozenset[str]:
    """Names that a station asked for by a code may have, after a board with ``common`` stations."""
    return (known & common if known else common) or known


def _whose(board: _Board, station: str, known: frozenset[str]) -> Classified:
    routes = [frozenset(stop.name for stop in row.route) for row in board.departures if row.route]
    common = frozenset.intersection(*routes) if routes else frozenset()
    if is_code(station):
        # Boards include the rows of related stations (Hbf and Hbf tief): such a board has no common name to go by.
        own = not known or not common or bool(known & common)
    else:
        asked = _plain(station)
        own = not routes or any(_plain(name) == asked for name in common or frozenset.union(*routes))
    if own:
        return Classified(Verdict.OK, retry=False, common=common)
    whose = ", ".join(sorted(common)) or "unknown"
    return Classified(Verdict.OTHER_STATION, retry=False, detail=f"the board of: {whose}", common=common)


def _plain(name: str) -> str:
    """The name without what spelling differs in and without a part of the station, like ``(tief)``."""
    return "".join(letter for letter in _PART_OF_STATION.sub("", name).casefold() if letter.isalnum())


def _classify_300(body: bytes) -> Classified:
    text = _error_text(body)
    try:
        candidates = _error.decode(body).candidates
    except (msgspec.DecodeError, UnicodeError):
        candidates = None
    empty = candidates is not None or text.startswith("Got no results")
    return Classified(Verdict.EMPTY_BOARD if empty else Verdict.AMBIGUOUS, retry=False, detail=text)


def _error_text(body: bytes) -> str:
    try:
        return _error.decode(body).error
    except (msgspec.DecodeError, UnicodeError):
        return ""
