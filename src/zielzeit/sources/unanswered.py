"""Stations that never answered with a board: each is named once, with the reason and the names that may be meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from zielzeit.sources.dbf_reply import DbfReply
from zielzeit.sources.own_board import is_code
from zielzeit.sources.reply_kind import ReplyKind
from zielzeit.stations.register import StationRegister

_MISNAMED = frozenset({
    ReplyKind.AMBIGUOUS, ReplyKind.UNKNOWN_STATION, ReplyKind.OTHER_STATION, ReplyKind.CLIENT_ERROR
})  # fmt: skip
"""Replies that a mistyped name may get."""
_MOST_SEARCHED = 10
"""Most names for which similar ones are searched: each takes some tenths of a second."""


class Unanswered:
    """Keeps what the stations without a board got last."""

    def __init__(self, stations: Collection[str]) -> None:
        self._stations = tuple(stations)
        self._never_asked = set(stations)
        self._replies: dict[str, DbfReply] = {}
        self._answered: set[str] = set()
        self._reported = False

    @property
    def replies(self) -> Mapping[str, DbfReply]:
        """Station without a board so far → its last reply."""
        return self._replies

    def has_answered(self, station: str) -> bool:
        """Return True if the station has answered with a board."""
        return station in self._answered

    def note(self, station: str, reply: DbfReply) -> None:
        """Take in how a round of the station ended."""
        self._never_asked.discard(station)
        if reply.kind is ReplyKind.OK:
            self._answered.add(station)
            self._replies.pop(station, None)
        elif station not in self._answered:
            self._replies[station] = reply

    def report_once(self, register: StationRegister) -> str | None:
        """All stations without a board, in lines, once every station's first round is over; None before and after."""
        if self._reported or self._never_asked:
            return None
        self._reported = True
        if not self._replies:
            return None
        alike: dict[str, list[str]] = defaultdict(list)
        missing = [(station, self._replies[station]) for station in self._stations if station in self._replies]
        for place, (station, reply) in enumerate(missing):
            alike[reason(station, reply, register if place < _MOST_SEARCHED else None)].append(station)
        lines = [f"  {', '.join(stations)}: {why}" for why, stations in alike.items()]
        return "\n".join(
            [f"no board in the first round of {len(self._replies)} of {len(self._stations)} stations:", *lines]
        )


def reason(station: str, reply: DbfReply, register: StationRegister | None) -> str:
    """Why the station has no board, and which names may be meant: DBF's candidates, else similar ones of a register."""
    why = f"{reply.kind}, {reply.detail}" if reply.detail else str(reply.kind)
    if reply.kind not in _MISNAMED:
        return why
    names = list(reply.candidates)
    if not names and register is not None and not is_code(station):
        names = list(dict.fromkeys(one.name for one in register.similar(station, 3)))
    return f"{why}; did you mean {', '.join(names)}?" if names else why
