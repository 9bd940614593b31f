"""Asks for a station's board: one request, and what became of it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import requests

from zielzeit.boards.record import BoardRecord
from zielzeit.printable import printable
from zielzeit.sources.board_client import (
    LARGEST_BODY_BYTES,
    BoardClient,
    BodyTooLargeError,
    ClientClosedError,
    Response,
)
from zielzeit.sources.dbf_reply import DbfReply, classify
from zielzeit.sources.plan import Plan
from zielzeit.sources.reply_kind import ReplyKind
from zielzeit.sources.reply_times import SIMULATED_SERVER, Clock, EventTime, event_time, http_date, retry_after_seconds
from zielzeit.stations.board_key import board_keys
from zielzeit.stations.register import StationRegister

_LONGEST_PAUSE_SECONDS = 3600.0
_SIMULATED = StationRegister(())
"""The simulated railway makes its stations up: their numbers and codes are other stations' in the register."""


class Answer(msgspec.Struct, frozen=True):
    """What became of one request."""

    station: str
    reply: DbfReply
    pause: float | None = None
    """Seconds for which the server asked for a pause of all requests."""
    time: EventTime | None = None
    """Of a board."""


class Asker:
    """Asks for boards by the plan; many threads may do so at once."""

    def __init__(self, plan: Plan, client: BoardClient, clock: Clock, stations: StationRegister) -> None:
        self._plan = plan
        self._client = client
        self._clock = clock
        self._stations = stations
        self._key, self._simulated_key = board_keys(stations), board_keys(_SIMULATED)

    def ask(self, station: str, known: frozenset[str] = frozenset()) -> tuple[Answer, BoardRecord | None]:
        """Ask for one board; returns what became of the request, and the board if it is to be published.

        ``known`` is what was learnt of a code (``own_board.learn``). No reply makes it raise, however rotten: what
        nobody foresaw is ``ReplyKind.UNREADABLE``. Raises ClientClosedError.
        """
        try:
            return self._fetch(station, known)
        except ClientClosedError:
            raise
        except Exception as error:  # noqa: BLE001 - one station's reply must not end the others' polling
            detail = printable(f"{type(error).__name__}: {error}"[:300])
            return Answer(station, DbfReply(ReplyKind.UNREADABLE, retry=False, detail=detail)), None

    def _fetch(self, station: str, known: frozenset[str]) -> tuple[Answer, BoardRecord | None]:
        """Ask for one board. Raises ClientClosedError, and whatever a rotten reply makes raise."""
        try:
            response = self._client.get(self._plan.url(station))
        except requests.Timeout:
            detail = f"after {self._plan.timeout_seconds:g} s"
            return Answer(station, DbfReply(ReplyKind.TIMEOUT, retry=True, detail=detail)), None
        except requests.RequestException as error:
            detail = printable(_cause(error)[:300])
            return Answer(station, DbfReply(ReplyKind.CONNECTION, retry=True, detail=detail)), None
        except BodyTooLargeError:
            detail = f"over {LARGEST_BODY_BYTES} bytes"
            return Answer(station, DbfReply(ReplyKind.TOO_LARGE, retry=False, detail=detail)), None
        return self._read(station, response, known)

    def _read(self, station: str, response: Response, known: frozenset[str]) -> tuple[Answer, BoardRecord | None]:
        """Return what a response means, and the board if it is to be published."""
        now = datetime.now(UTC)
        simulated = response.headers.get("server") == SIMULATED_SERVER
        stations, key = (_SIMULATED, self._simulated_key) if simulated else (self._stations, self._key)
        reply = classify(response.status, response.body, station, stations, known)
        if response.status != 200:
            server = http_date(response.headers.get("date"))
            pause = retry_after_seconds(response.headers.get("retry-after"), server or now)
            return Answer(station, reply, min(pause, _LONGEST_PAUSE_SECONDS) if pause else None), None
        if not reply.kind.published:
            return Answer(station, reply), None
        time = event_time(response.headers, now, self._clock)
        if time.too_old:
            detail = f"made {time.age.total_seconds() / 60:.0f} minutes ago by the reply's Date and Age"
            return Answer(station, DbfReply(ReplyKind.OLD, retry=False, detail=detail), time=time), None
        return Answer(station, reply, time=time), board_record(key(station), response, time)


def _cause(error: BaseException) -> str:
    """The system's words for what went wrong ("Connection refused"), from under the layers of requests."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        inner = inner.__cause__ or inner.__context__
    return str(error)


def board_record(key: str, response: Response, time: EventTime) -> BoardRecord:
    return BoardRecord(
        station=key,
        body=response.body,
        polled_at=time.at,
        source="poll",
        url=response.url,
        status=response.status,
        content_type=response.headers.get("content-type", ""),
    )
