"""One board in, events out: parsing, deciding and dead letters together, the same for the job and for ``decide``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Self

import msgspec

from zielzeit.boards import parse
from zielzeit.decision import event
from zielzeit.decision import rules as decision
from zielzeit.decision.planned_stop import PlannedStop
from zielzeit.decision.rules import Memory, Rules, Station
from zielzeit.events.structs import Decision
from zielzeit.settings import Settings


class Unreadable(msgspec.Struct, frozen=True):
    """A board, or a part of it, that was not believed or not understood: it goes to ``dead-letters`` with its bytes."""

    reason: str


Output = Decision | PlannedStop | Unreadable

_OLDEST, _NEWEST = 0, 4_102_444_800_000
"""Milliseconds of 1970 and 2100: what lies outside is no time of a poll, and dates could not be told."""


class Decider(msgspec.Struct, frozen=True):
    """The decision for any station, given its state. Holds no state itself."""

    rules: Rules
    grace: int
    """Minutes that boards may be late; a decision is known that much after the time it is made for."""
    every_sight: bool = False
    """Whether the first sight of any train is told, not only of those that end here: where and when a run ends is all
    that others want to know beforehand."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The decision as the settings have it."""
        rules = Rules(gap=settings.gap, settle=settings.settle, max_silence=settings.max_silence)
        return cls(rules, settings.grace)

    def take(self, name: str, station: Station, memory: Memory, value: bytes, polled_at: int) -> Iterator[Output]:
        """The next board of a station in order of time, packed or not; ``polled_at`` in milliseconds."""
        parsed = self._parse(value, polled_at)
        if isinstance(parsed, Unreadable):
            if _can_be(polled_at):  # it tells of no train, yet it tells the time
                yield from self.pass_time(name, station, memory, polled_at)
            yield parsed
            return
        folded = decision.fold(name, station, memory, parsed, polled_at, rules=self.rules)
        yield from self._events(name, folded.verdicts)
        if folded.doubt:
            yield Unreadable(folded.doubt)
        if parsed.faults:
            yield Unreadable("; ".join(parsed.faults[:10]))

    def pass_time(self, name: str, station: Station, memory: Memory, to: int) -> Iterator[Output]:
        """Time passes up to ``to`` (milliseconds) without a board."""
        yield from self._events(name, decision.advance(station, memory, to, self.rules))

    def take_late(self, name: str, station: Station, memory: Memory, value: bytes, polled_at: int) -> Iterator[Output]:
        """A board from before the station's frontier."""
        parsed = self._parse(value, polled_at)
        if isinstance(parsed, Unreadable):
            yield parsed
        else:
            yield from self._events(name, decision.late(name, station, memory, parsed, polled_at))

    def _parse(self, value: bytes, polled_at: int) -> parse.Board | Unreadable:
        if not _can_be(polled_at):
            return Unreadable(f"polled at {polled_at} milliseconds since 1970, which cannot be")
        try:
            return parse.parse(parse.decompress(value))
        except parse.BoardError as error:
            return Unreadable(str(error))

    def _events(self, name: str, found: Iterable[decision.Verdict]) -> Iterator[Decision | PlannedStop]:
        return (
            event.event(name, verdict, self.grace)
            for verdict in found
            if verdict.kind != "planned" or verdict.entry.ends or self.every_sight
        )


def _can_be(polled_at: int) -> bool:
    return _OLDEST <= polled_at <= _NEWEST


def first_of_equals(one: bytes, other: bytes) -> bytes:
    """Which of two bodies of one station and one instant counts, whichever came first: two pollers may disagree.

    The longer one, unpacked: of a whole board and one that broke off, the whole one.
    """
    return max(one, other, key=_whole)


def _whole(value: bytes) -> tuple[int, bytes]:
    try:
        body = parse.decompress(value)
    except parse.BoardError:
        return -1, value
    return len(body), body
