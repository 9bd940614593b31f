"""Kinds of replies that a request for a board can get."""

from __future__ import annotations

from enum import StrEnum


class ReplyKind(StrEnum):
    """What became of one request; the value is the word that people read."""

    OK = "ok"
    AMBIGUOUS = "ambiguous"
    """Status 300: the name fits several stations."""
    EMPTY_BOARD = "empty board"
    """Status 300: no train in the next three hours."""
    SERVER_ERROR = "server error"
    """Status 500: DBF could not reach its own source."""
    UNKNOWN_STATION = "unknown station"
    """Status 500: no such station, or DBF's own source answers 404 (an EVA number that is not known)."""
    THROTTLED = "too many requests"
    """Status 429."""
    CLIENT_ERROR = "client error"
    """Another status of 4xx: the server does not answer such a request."""
    OTHER_STATUS = "other status"
    NOT_JSON = "not JSON"
    NOT_A_BOARD = "not a board"
    """JSON without usable departures: published, for the job to put aside with its reason."""
    EMPTY_BODY = "empty body"
    OTHER_STATION = "other station"
    """DBF answers for the station with the nearest name, silently."""
    TOO_LARGE = "too large"
    """The body is larger than any board and was not read to its end."""
    OLD = "old content"
    """The content was made more than an hour before, by ``Date`` or ``Age``."""
    UNREADABLE = "unreadable"
    """Reading the reply failed in a way that nobody foresaw."""
    TIMEOUT = "time-out"
    CONNECTION = "connection error"

    @property
    def is_refusal(self) -> bool:
        """Whether the same request is likely to be answered so in the next round, too."""
        return self in (ReplyKind.AMBIGUOUS, ReplyKind.UNKNOWN_STATION, ReplyKind.CLIENT_ERROR)

    @property
    def published(self) -> bool:
        """Whether the body goes into the topic: each with status 200 that may be this station's."""
        return self in (ReplyKind.OK, ReplyKind.NOT_JSON, ReplyKind.NOT_A_BOARD)
