"""Classification of DBF's replies: a board, whose board, or which of its many ways to have none.

docs/architecture.md describes them.
"""

from __future__ import annotations

import re

import msgspec

from zielzeit.boards import parse
from zielzeit.printable import printable
from zielzeit.sources.own_board import whose_board
from zielzeit.sources.reply_kind import ReplyKind
from zielzeit.stations.register import StationRegister

_RETRIED_STATUS = frozenset({408, 425, 500, 502, 503, 504})
_UNKNOWN_STATION = re.compile(r"Unknown station|returned HTTP 404\b", re.IGNORECASE)
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What decoding raises; RecursionError where JSON is nested some thousand times."""
_MOST_CANDIDATES = 5
_LONGEST_DETAIL = 300
"""Characters of a server's text that are shown."""


class DbfReply(msgspec.Struct, frozen=True):
    """A classified reply."""

    kind: ReplyKind
    retry: bool
    """Whether another request soon may help."""
    detail: str = ""
    """What a person reads beside the kind, fit for a terminal: of a board, the station's name on it. May be empty."""
    candidates: tuple[str, ...] = ()
    """Names of the stations among which DBF lets choose, fit for a terminal."""
    common: frozenset[str] = frozenset()
    """Keys of the stations' groups that every row's run calls at; empty if the reply is no board of this station."""


class _Candidate(msgspec.Struct):
    name: str = ""
    code: str = ""


class _Error(msgspec.Struct):
    error: str = ""
    candidates: list[_Candidate] | None = None


_error = msgspec.json.Decoder(_Error)


def classify(
    status: int,
    body: bytes,
    station: str,
    register: StationRegister,
    known: frozenset[str] = frozenset(),
) -> DbfReply:
    """The reply to a request for a station.

    ``known`` are the stations that an unknown code may mean, from ``own_board.learn``; empty while none is known.
    """
    if status == 300:
        return _classify_300(body)
    if status != 200:
        text = _error_text(body)
        kind = _kind_of_status(status, text)
        retry = status in _RETRIED_STATUS and not kind.is_refusal
        return DbfReply(kind, retry, f"status {status} {text}".strip())
    return _classify_200(body, station, register, known)


def _classify_200(body: bytes, station: str, register: StationRegister, known: frozenset[str]) -> DbfReply:
    if not body.strip():
        return DbfReply(ReplyKind.EMPTY_BODY, retry=True)
    try:
        routes = [[stop.name for stop in route] for route in parse.routes(body) if route]
    except parse.BoardError as error:
        kind = ReplyKind.NOT_A_BOARD if _is_json(body) else ReplyKind.NOT_JSON
        return DbfReply(kind, retry=False, detail=_shown(str(error)))
    whose = whose_board(station, routes, register, known)
    if whose.own:
        return DbfReply(ReplyKind.OK, retry=False, detail=_shown(whose.name), common=frozenset(whose.common))
    names = _shown(", ".join(sorted(whose.common.values()))) or "unknown"
    return DbfReply(ReplyKind.OTHER_STATION, retry=False, detail=f"the board of: {names}")


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except _UNREADABLE:
        return False
    return True


def _kind_of_status(status: int, error: str) -> ReplyKind:
    """The kind of a reply with a status that is neither 200 nor 300."""
    if status == 500:
        return ReplyKind.UNKNOWN_STATION if _UNKNOWN_STATION.search(error) else ReplyKind.SERVER_ERROR
    if status == 429:
        return ReplyKind.THROTTLED
    return ReplyKind.CLIENT_ERROR if 400 <= status < 500 and status not in _RETRIED_STATUS else ReplyKind.OTHER_STATUS


def _classify_300(body: bytes) -> DbfReply:
    text = _error_text(body)
    try:
        candidates = _error.decode(body).candidates
    except _UNREADABLE:
        candidates = None
    empty = candidates is not None or text.startswith("Got no results")
    names = tuple(_shown(one.name or one.code) for one in (candidates or [])[:_MOST_CANDIDATES])
    kind = ReplyKind.EMPTY_BOARD if empty else ReplyKind.AMBIGUOUS
    return DbfReply(kind, retry=False, detail=text, candidates=names)


def _error_text(body: bytes) -> str:
    """DBF's own message, empty if the body has none."""
    try:
        return _shown(_error.decode(body).error)
    except _UNREADABLE:
        return ""


def _shown(text: str) -> str:
    """A server's text as it may be shown."""
    return printable(text[:_LONGEST_DETAIL])
