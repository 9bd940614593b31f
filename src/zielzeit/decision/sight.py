"""What the last board of a station showed, kept in memory so that the next one costs only what changed.

Nine rows of ten are the same to the byte as on the board before. A sight holds each row's bytes beside its train's
entry: ``compare`` matches a new body with them and reads none of the rows that are the same. A sight is never stored:
without one, or with a new one, each board is decided in full (``zielzeit.decision.rules``), with the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, BoardClock, Milliseconds, UtcMinutes, WallMinutes
from zielzeit.boards import parse
from zielzeit.boards.odd_rows import DECODE_ERRORS
from zielzeit.decision import identity
from zielzeit.decision.own_station import OwnStation
from zielzeit.decision.report import wakes_at
from zielzeit.decision.state import Entry, StationState

_MOST_REFUSED: Final = 5
_STRETCH: Final = 16
"""Rows that are compared before the next ones are taken from the list: mostly one changes among them."""
_WITHIN: Final = 64
"""Rows among which an unchanged row is looked for, if those before it are gone."""


class SeenRow:
    """A row of the last board. ``text`` is its JSON and what joins it to the next row."""

    __slots__ = ("entry", "key", "text", "wakes_at")

    def __init__(self, text: bytes, key: str, entry: Entry, wakes_at: Milliseconds) -> None:
        self.text = text
        self.key = key
        self.entry = entry
        self.wakes_at = wakes_at
        """When the train must be looked at although its row stays the same."""


class Layout(NamedTuple):
    """How a station's bodies are put together: ``prefix + joiner.join(rows) + suffix``."""

    prefix: bytes
    joiner: bytes
    suffix: bytes
    border: bytes
    """What stands between two rows, with the last byte of the one and the first key of the other."""


class CameRow(NamedTuple):
    """A row that is new, or says something else than before."""

    place: int
    """Its place on the board, from 0."""
    text: bytes
    row: parse.Row


class ComparedBody(NamedTuple):
    """A body beside the board before."""

    rows: list[SeenRow | None]
    """The board's rows in order: those that stood on the board before, None for one that came."""
    came: list[CameRow]
    gone: list[SeenRow]
    """Rows of the board before that are not on this one."""
    clock: BoardClock


class Sight:
    """Accelerator of one station in memory: hold it beside the live ``StationState`` and hand both to ``Decider.take``.

    Nothing is ever pending in a sight: after each call the state is exact and may be stored, and ``pass_time`` and
    ``take_late`` need no sight. A state that another object replaces (decoded anew, or forgotten) is noticed.
    """

    __slots__ = ("_pause", "_refused", "clock", "here", "layout", "oldest", "rows", "station", "texts")

    def __init__(self) -> None:
        self.station: StationState | None = None
        """The state that the rows belong to; None if no board can be compared."""
        self.here: OwnStation
        self.rows: list[SeenRow] = []
        self.texts: list[bytes] = []
        """Those of the rows."""
        self._refused = 0
        self._pause = 0
        self.layout: Layout
        self.clock: BoardClock
        """That of the last board."""
        self.oldest: WallMinutes
        """No row's time lies before it: all keep their days until a board can show the same time of the next day."""

    def forget(self) -> None:
        """The next board is decided in full."""
        self.station = None
        self.rows, self.texts = [], []

    def note(self, *, refused: bool) -> None:
        """Note whether a compared board was left to the full fold.

        Where that is the rule (a board every quarter of an hour changes in many trains), looking costs more than it
        saves: the more boards are refused, the more are not looked at, up to 15 in a row.
        """
        self._refused = min(self._refused + 1, _MOST_REFUSED) if refused else max(self._refused - 1, 0)
        self._pause = 2 ** (self._refused - 1) - 1 if refused else 0

    def look(self, here: OwnStation, station: StationState, body: bytes, polled_at: Milliseconds, settle: int) -> None:
        """Take in a believed board without unreadable rows that has been folded into ``station``.

        Reads it once more, as the next board would be read. Where that says anything else than the entries do (a train
        has lost its real-time data, or parts; a row was not in DBF's form), the next board is to be decided in full.
        """
        self.forget()
        if self._pause:
            self._pause -= 1
            return
        clock = _clock(berlin_time.utc_minutes(polled_at))
        texts = parse.row_texts(body)
        layout = _layout(body, texts)
        if layout is None or clock.offset is None or not is_steady(here, station):
            return
        texts = [text + layout.joiner for text in texts]
        try:
            board = parse.ParsedBoard([_decode(text, layout) for text in texts])
        except DECODE_ERRORS:
            return
        if not all(map(parse.is_meaningful, board.rows)):  # a time that is only read in another form
            return
        reports, wings = identity.read(here, station, board, polled_at)
        if len(reports) != len(texts) or (wings and any(one.wing or key in wings for key, one in reports.items())):
            return
        rows = []
        for text, (key, report) in zip(texts, reports.items(), strict=True):
            entry = station.entries[key]
            if not _says_the_same(entry, report):
                return
            entry.row = report.row  # its route would keep the whole body in memory
            rows.append(SeenRow(text, key, entry, wakes_at(entry, settle)))
        self.oldest = min(oldest_time(report, clock.offset) for report in reports.values())
        self.here, self.layout, self.clock, self.station = here, layout, clock, station
        self.rows, self.texts = rows, texts

    def compare(self, station: StationState, body: bytes, polled_at: Milliseconds) -> ComparedBody | None:
        """Return what sets a body apart from the board before; None if it must be read in full. Changes nothing."""
        if station is not self.station or not is_steady(self.here, station):
            return None
        clock = _clock(berlin_time.utc_minutes(polled_at))
        # The only ways in which the same row means another time: a clock change, and the same time of the next day.
        if (
            clock.offset != self.clock.offset
            or clock.limit < self.clock.limit
            or clock.limit - berlin_time.DAY >= self.oldest
        ):
            return None
        return None if len(body) > parse.MAX_VALUES else self._match(body, clock)

    def _match(self, body: bytes, clock: BoardClock) -> ComparedBody | None:
        prefix, joiner, suffix, border = self.layout
        at, end = len(prefix), len(body) - len(suffix)
        if at >= end or not (body.startswith(prefix) and body.endswith(suffix)):
            return None
        old, texts, begins = self.rows, self.texts, body.startswith
        rows: list[SeenRow | None] = []
        came: list[CameRow] = []
        gone: list[SeenRow] = []
        place, count = 0, len(old)
        while at != end:
            first = place
            while True:
                stretch = texts[place : place + _STRETCH]
                for text in stretch:
                    if not begins(text, at):
                        break
                    at += len(text)
                    place += 1
                else:
                    if stretch:
                        continue
                break
            rows += old[first:place]
            if at >= end:  # a joiner, and no row after it
                return None
            if place + 1 < count and begins(texts[place + 1], at):
                gone.append(old[place])
                place += 1
                continue
            stop = body.find(border, at, end)
            stop = end if stop < 0 else stop + 1 + len(joiner)
            text = body[at:stop] if stop < end else body[at:end] + joiner
            at = stop
            among = texts[place : place + _WITHIN]
            if text in among:
                found = place + among.index(text)
                gone += old[place:found]
                rows.append(old[found])
                place = found + 1
                continue
            try:
                row = _decode(text, self.layout)
            except DECODE_ERRORS:
                return None
            if not parse.is_meaningful(row):
                return None
            came.append(CameRow(len(rows), text, row))
            rows.append(None)
        gone += old[place:]
        return None if len(rows) > parse.MAX_ROWS else ComparedBody(rows, came, gone, clock)


def is_steady(here: OwnStation, station: StationState) -> bool:
    """Return True if a board teaches no name of the station, and none of its trains has lost its real-time data."""
    return not station.lost and here.is_taught(named=station.named)


def oldest_time(report: Entry, offset: int) -> WallMinutes:
    """Return the earlier of the wall times that were made of a row: half of its identity, and when it leaves."""
    return WallMinutes(min(report.planned_wall, report.planned // MINUTE + offset))


def _says_the_same(entry: Entry, report: Entry) -> bool:
    """Return True if an entry holds what its row says, and not what an earlier one said."""
    return (
        entry.row == report.row
        and (entry.planned_wall, entry.planned, entry.delay, entry.ends)
        == (report.planned_wall, report.planned, report.delay, report.ends)
        and not entry.uncertain
    )


def _layout(body: bytes, texts: Sequence[bytes]) -> Layout | None:
    """Return how a body is put together, proved by putting it together again; None if it cannot be told."""
    if len(texts) < 2:
        return None
    first, last = texts[0], texts[-1]
    begin = body.find(first)
    joiner = body[begin + len(first) : body.find(texts[1], begin + len(first))]
    prefix, suffix = body[:begin], body[body.rfind(last) + len(last) :]
    first_key = first[: first.find(b":") + 1]
    if joiner.strip() != b"," or not first_key or prefix + joiner.join(texts) + suffix != body:
        return None
    return Layout(prefix, joiner, suffix, b"}" + joiner + first_key)


def _decode(text: bytes, layout: Layout) -> parse.Row:
    """Return what a row says; its route stays a part of ``text``. Raises one of ``DECODE_ERRORS``."""
    return parse.decode_row(memoryview(text)[: -len(layout.joiner)])


@lru_cache(maxsize=256)
def _clock(minute: UtcMinutes) -> BoardClock:
    """Return the clock of a board: stations are polled in the same minutes."""
    return BoardClock(berlin_time.minute_begin(minute))
