"""Record the boards of a simulated railway to a file, as a poller would have, with a log of the truth.

The file has one JSON line per board (``zielzeit.recordings.json_lines``). A failed request leaves no line.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from zielzeit.progress import SILENT, Progress, counted
from zielzeit.recordings.json_lines import encode_line
from zielzeit.recordings.write import writing
from zielzeit.simulator import clock
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.reply import OLDEST, answer
from zielzeit.simulator.truth import AHEAD, PAST, Looked, Truth, known_from, truth
from zielzeit.simulator.world import World

_LATEST = 240
"""Seconds by which a line may be out of order; less than the default grace of five minutes."""


class RecordingSummary(msgspec.Struct, frozen=True):
    boards: int
    faulty: int
    truths: int
    undecidable: int


def record(
    world: World,
    out: Path,
    *,
    start: datetime,
    hours: float,
    every: int = 180,
    past: bool = True,
    faults: Faults,
    truth_file: Path | None = None,
    progress: Progress = SILENT,
) -> RecordingSummary:
    """Write a board of every station each ``every`` seconds, and the truth about what left in that time.

    ``out`` and ``truth_file`` are compressed when they are named ``.zst``.
    """
    begin = int(start.timestamp())
    end = begin + int(hours * 3600)
    good: list[list[int]] = [[] for _ in world.network.stations]
    boards = faulty = 0
    with writing(out) as lines:
        polls = _polls(world, faults, begin, end, every=every, past=past)
        total = len(good) * len(range(begin, end, every))
        for station, at, line, fault in counted(progress, "boards", total, _in_order(polls, faults, world)):
            lines.write(line)
            boards += 1
            faulty += fault is not None
            if fault is None:
                good[station].append(at)
    for times in good:
        times.sort()

    def looked(station: int, since: float, until: float) -> int:
        return max(0, bisect_right(good[station], until) - bisect_left(good[station], since))

    truths = undecidable = 0
    if truth_file is not None:
        with writing(truth_file) as lines:
            for record_ in _truths(world, begin, end, looked, past):
                lines.write(msgspec.json.encode(record_) + b"\n")
                truths += 1
                undecidable += record_.undecidable is not None
    return RecordingSummary(boards, faulty, truths, undecidable)


def _polls(
    world: World, faults: Faults, begin: int, end: int, *, every: int, past: bool
) -> Iterator[tuple[int, int, str, str | None]]:
    """(polled_at, station, body, fault) in order of time; each round spreads the stations evenly."""
    count = len(world.network.stations)
    for round_ in range(begin, end, every):
        for station in range(count):
            at = round_ + station * every // count
            if at >= end:
                return
            reply = answer(world, faults, station, at, past=past)
            if reply.status == 200 and reply.body and reply.fault != "timeout":
                # Truncation may split a character: a recording is text, so the broken rest is dropped.
                yield at, station, reply.body.decode(errors="ignore"), reply.fault


def _in_order(
    polls: Iterator[tuple[int, int, str, str | None]], faults: Faults, world: World
) -> Iterator[tuple[int, int, bytes, str | None]]:
    """(station, polled_at, line, fault) in the order of writing; some lines occur twice, some are late."""
    waiting: list[tuple[int, int, int, int, bytes, str | None]] = []
    number = 0
    for at, station, body, fault in polls:
        polled_at = datetime.fromtimestamp(at, tz=UTC)
        line = encode_line(world.network.stations[station].name, polled_at, body)
        late = faults.strikes("out-of-order", station, at)
        written = at + (1 + faults.draw("out-of-order", station, at, _LATEST) if late else 0)
        copies = [written]
        if faults.strikes("duplicate", station, at):
            copies.append(written + faults.draw("duplicate", station, at, _LATEST))
        for moment in copies:
            heapq.heappush(waiting, (moment, number, station, at, line, fault))
            number += 1
        while waiting and waiting[0][0] <= at:
            yield heapq.heappop(waiting)[2:]
    while waiting:
        yield heapq.heappop(waiting)[2:]


def _truths(world: World, begin: int, end: int, looked: Looked, past: bool) -> Iterator[Truth]:
    """The truth about every row that may be on a recorded board."""
    begin, end = begin - (PAST if past else 0) - OLDEST, end + AHEAD
    day = clock.local(begin).date() - timedelta(days=1)
    while day <= clock.local(end).date():
        for line in world.network.lines:
            for forecast in world.line_day(line.index, day):
                for stop in range(len(forecast.beliefs)):
                    leaves = forecast.planned(stop) + 60 * forecast.departure_delay(stop, known_from(forecast, stop))
                    if begin <= leaves < end:
                        yield truth(world, forecast, stop, looked, past=past)
        day += timedelta(days=1)
