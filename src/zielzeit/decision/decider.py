"""One board in, decisions out: parsing, deciding and rejecting together, for a station whose state is handed in."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final, Self

import msgspec

from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.boards import parse
from zielzeit.decision import delta, event, rules
from zielzeit.decision.own_station import OwnStation
from zielzeit.decision.planned_stop import PlannedStop
from zielzeit.decision.rules import FoldedBoard, Rules
from zielzeit.decision.sight import Sight
from zielzeit.decision.state import Memory, StationState
from zielzeit.decision.transition import PLANNED, Transition
from zielzeit.events.structs import Decision
from zielzeit.metrics import job
from zielzeit.metrics.recorder import Recorder
from zielzeit.settings import Settings


class RejectedBoard(msgspec.Struct, frozen=True):
    """A board that could not be read or is not plausible, or a row that could not be read: it becomes a dead letter."""

    reason: str
    cause: str
    """The kind of the reason: a value of the label ``cause`` of ``zielzeit.metrics.job``."""
    row: bytes = b""
    """The row's JSON; empty if the whole board is rejected."""


Output = Decision | PlannedStop | RejectedBoard

_OLDEST: Final = 0
_NEWEST: Final = 4_102_444_800_000
"""Milliseconds of 1970 and 2100: nobody polled outside of them, and dates there cannot be resolved."""


class Decider(msgspec.Struct, frozen=True):
    """The decision for any station, given its state. Holds no state itself."""

    rules: Rules
    grace: int
    """Minutes by which boards may be late; a decision is known so much later than the board or deadline behind it."""
    all_planned_stops: bool = False
    """Report the first sight of every train; by default only of trains that end here, because a run's follower needs
    no others."""
    stations: str = ""
    """The user's file of stations (``Settings.stations``), or empty."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the decision with the waiting times of the settings."""
        rules = Rules(gap=settings.gap, settle=settings.settle, max_silence=settings.max_silence)
        return cls(rules, settings.grace, stations=settings.stations)

    @staticmethod
    def new_sight() -> Sight:
        """Return the accelerator of a station that stays in memory; it is never stored."""
        return Sight()

    def take(
        self,
        name: str,
        station: StationState,
        memory: Memory,
        value: bytes,
        polled_at: Milliseconds,
        recorder: Recorder | None = None,
        sight: Sight | None = None,
    ) -> Iterator[Output]:
        """Take the next board of a station in order of time, compressed or not; count it and its rows.

        ``sight`` makes it faster and changes nothing else: whoever keeps ``station`` in memory between boards keeps
        one of ``new_sight`` beside it. Consume the iterator to its end before the next call.
        """
        body = _body(value, polled_at)
        found = (
            body
            if isinstance(body, RejectedBoard)
            else self._fold(name, station, memory, value, body, polled_at, sight)
        )
        if isinstance(found, RejectedBoard):
            _count(recorder, job.IN_TURN)
            if is_possible(polled_at):  # it shows no train, but time has passed
                yield from self.pass_time(name, station, memory, polled_at)
            yield found
            return
        folded, rows = found
        _count(recorder, job.IN_TURN, rows)
        yield from self._events(self.here(name, station, sight), folded.transitions)
        if folded.implausible:
            yield RejectedBoard(folded.implausible, folded.cause)
        for row in folded.unreadable:
            yield RejectedBoard(f"row {row.index}: {row.reason}", job.UNREADABLE_ROW, row.raw)

    def _fold(
        self,
        name: str,
        station: StationState,
        memory: Memory,
        value: bytes,
        body: bytes,
        polled_at: Milliseconds,
        sight: Sight | None,
    ) -> tuple[FoldedBoard, int] | RejectedBoard:
        """Return what a board leads to, and the number of its readable rows."""
        checksum = zlib.crc32(value)  # of the body as it comes: packed alike by one poller, and ten times as short
        passed: list[Transition] = []
        if sight is not None and (compared := sight.compare(station, body, polled_at)) is not None:
            passed = rules.advance(station, memory, Milliseconds(polled_at - 1), self.rules)
            quick = delta.fold(sight, station, memory, compared, polled_at, rules=self.rules, checksum=checksum)
            sight.note(refused=quick is None)
            if quick is not None:
                return quick._replace(transitions=passed + quick.transitions), len(compared.rows)
        board = _parse(body)
        if isinstance(board, RejectedBoard):
            return board
        here = self.here(name, station)
        folded = rules.fold(here, station, memory, board, polled_at, rules=self.rules, checksum=checksum)
        if sight is not None and not folded.implausible:  # an implausible board leaves the one before to compare with
            if board.unreadable:
                sight.forget()
            else:
                sight.look(self.here(name, station), station, body, polled_at, self.rules.settle * MINUTE)
        return folded._replace(transitions=passed + folded.transitions), len(board.rows)

    def pass_time(self, name: str, station: StationState, memory: Memory, to: Milliseconds) -> Iterator[Output]:
        """Let time pass up to ``to`` without a board."""
        yield from self._events(self.here(name, station), rules.advance(station, memory, to, self.rules))

    def take_late(
        self,
        name: str,
        station: StationState,
        memory: Memory,
        value: bytes,
        polled_at: Milliseconds,
        recorder: Recorder | None = None,
    ) -> Iterator[Output]:
        """Take a board from before the station's frontier: it changes nothing and yields ``late`` decisions."""
        body = _body(value, polled_at)
        board = body if isinstance(body, RejectedBoard) else _parse(body)
        if isinstance(board, RejectedBoard):
            _count(recorder, job.LATE)
            yield board
            return
        _count(recorder, job.LATE, len(board.rows))
        here = self.here(name, station)
        yield from self._events(here, rules.late(here, station, memory, board, polled_at))

    def here(self, key: str, station: StationState, sight: Sight | None = None) -> OwnStation:
        """Return the station as it is known now; ``sight`` is the one that is held beside its state."""
        if sight is not None and sight.station is station:  # its name is not learnt any more
            return sight.here
        return OwnStation(key, station.learnt, self.stations)

    def _events(self, here: OwnStation, transitions: Iterable[Transition]) -> Iterator[Decision | PlannedStop]:
        return (
            event.event(here, transition, self.grace)
            for transition in transitions
            if transition.kind != PLANNED or transition.entry.ends or self.all_planned_stops
        )


def _body(value: bytes, polled_at: Milliseconds) -> bytes | RejectedBoard:
    """Return a board's body, decompressed."""
    if not is_possible(polled_at):
        return RejectedBoard(f"polled at {polled_at} milliseconds since 1970, which cannot be", job.IMPOSSIBLE_TIME)
    try:
        return parse.decompress(value)
    except parse.BoardError as error:
        return RejectedBoard(str(error), job.UNREADABLE)


def _parse(body: bytes) -> parse.ParsedBoard | RejectedBoard:
    try:
        return parse.parse(body)
    except parse.BoardError as error:
        return RejectedBoard(str(error), job.UNREADABLE)


def _count(recorder: Recorder | None, turn: str, rows: int | None = None) -> None:
    """Count a board, and its readable rows unless it is rejected."""
    if recorder is not None:
        recorder.add(job.BOARDS, turn)
        if rows is not None:
            recorder.add(job.ROWS, by=rows)


def is_possible(polled_at: Milliseconds) -> bool:
    """Return False for a time of which no board can be: it lets no time pass, and becomes a dead letter."""
    return _OLDEST <= polled_at <= _NEWEST


def preferred_body(one: bytes, other: bytes) -> bytes:
    """Return the body that counts, of two of one station and instant: two pollers may get different replies.

    It is the one that is longer when decompressed, so that a complete board wins over one that broke off, whichever
    arrived first.
    """
    return max(one, other, key=_size_and_body)


def _size_and_body(value: bytes) -> tuple[int, bytes]:
    try:
        body = parse.decompress(value)
    except parse.BoardError:
        return -1, value
    return len(body), body
