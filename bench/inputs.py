"""Boards to measure with: a simulated railway's, kept in a file once made, and published under many stations' names.

Two inputs: the boards of one busy station, for throughput, and those of a whole small railway. These are as small as
Germany's on average, for latency, or begin early in the morning, for growth. Each copy is a railway of its own: no two
copies have a station or a train in common, and the routes of a copy's boards name its stations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from zielzeit import topics
from zielzeit.berlin_time import BERLIN
from zielzeit.boards.parse import count_rows
from zielzeit.boards.record import BoardRecord
from zielzeit.kafka.admin import ensure_topics
from zielzeit.kafka.producer import BoardProducer
from zielzeit.progress import Progress, counted
from zielzeit.recordings.read import read_boards
from zielzeit.recordings.write import write_boards
from zielzeit.settings import Settings
from zielzeit.simulator import displayed_board, timetable
from zielzeit.simulator.world import World

EVERY: Final = timedelta(minutes=3)
"""Between two boards of a station."""
_DAY: Final = datetime(2026, 3, 10, tzinfo=BERLIN)
BUSY_HOUR: Final = 7
CALM_HOUR: Final = 3
"""Hours at which the boards begin: a board of the small railway has 25 rows at the one, 7 at the other."""
_SEED: Final = 5
_NUMBER = re.compile(rb'("trainNumber"\s*:\s*"[^"]*)"')
_STATION = re.compile(rb'("(?:name|destination)"\s*:\s*"[^"]*)"')


@dataclass(frozen=True)
class Boards:
    """Boards in order of time, and under how many names each is published."""

    records: Sequence[BoardRecord]
    copies: int

    @property
    def rows(self) -> int:
        """Number of rows of all copies."""
        return self.copies * sum(count_rows(one.body) for one in self.records)

    @property
    def stations(self) -> int:
        """Number of stations of all copies."""
        return self.copies * len({one.station for one in self.records})

    @property
    def count(self) -> int:
        """Number of boards of all copies."""
        return self.copies * len(self.records)

    def __iter__(self) -> Iterator[BoardRecord]:
        """All boards in order of time; copies of a board are spread over the time until the railway's next one."""
        pause = EVERY / (len(self.records) / self.rounds)
        for one in self.records:
            for number in range(self.copies):
                yield copy(one, number, pause * number / self.copies)

    @property
    def rounds(self) -> int:
        """Number of boards of each station."""
        return len(self.records) // len({one.station for one in self.records})

    @property
    def newest(self) -> datetime:
        """Time of the last board of the first copy."""
        return self.records[-1].polled_at

    def described(self) -> str:
        """What they are, for a note."""
        rows = self.rows
        return f"{rows:,} rows, {self.stations:,} stations, {rows / self.count:.0f} rows a board"


def copy(board: BoardRecord, number: int, later: timedelta = timedelta(0)) -> BoardRecord:
    """The board of a station of another railway: other trains, which call at other stations."""
    suffix = f" Kopie {number}"
    return msgspec.structs.replace(
        board,
        station=board.station + suffix,
        body=_NUMBER.sub(rb'\g<1>%03d"' % number, _STATION.sub(rb'\g<1>%b"' % suffix.encode(), board.body)),
        polled_at=board.polled_at + later,
    )


def busy_station(folder: Path, stations: int, rounds: int, progress: Progress) -> list[BoardRecord]:
    """Boards with ``past=1`` of the busiest station of a simulated railway, every three minutes."""
    return _kept(folder / f"busy-{stations}-{rounds}.jsonl.zst", stations, rounds, progress, BUSY_HOUR, busiest=True)


def railway(folder: Path, stations: int, rounds: int, progress: Progress, hour: int = BUSY_HOUR) -> list[BoardRecord]:
    """Boards with ``past=1`` of all stations of a simulated railway, every three minutes from an hour on."""
    file = folder / f"railway-{stations}-{rounds}-{hour}.jsonl.zst"
    return _kept(file, stations, rounds, progress, hour, busiest=False)


def recorded(paths: Sequence[Path]) -> list[BoardRecord]:
    """Recorded boards of one station. Raises UserError where there are none."""
    return list(read_boards(paths, "Speed"))


def publish(settings: Settings, boards: Iterable[BoardRecord], total: int, progress: Progress) -> None:
    """Write boards to the topic, which is created with all others. Raises UserError where one is not written."""
    ensure_topics(settings, topics.ALL)
    with BoardProducer(settings) as producer:
        for one in counted(progress, "publish boards", total, boards):
            producer.publish(one)
        producer.flush()
        producer.check()


def _kept(file: Path, stations: int, rounds: int, progress: Progress, hour: int, *, busiest: bool) -> list[BoardRecord]:
    if not file.exists():
        partial = file.with_name(f"part-{file.name}")
        total = rounds * (1 if busiest else stations)
        made = _simulated(stations, rounds, hour, busiest=busiest)
        for _ in counted(progress, f"simulate boards of {stations} stations", total, write_boards(made, partial)):
            pass
        partial.rename(file)
    return list(read_boards([file]))


def _simulated(stations: int, rounds: int, hour: int, *, busiest: bool) -> Iterator[BoardRecord]:
    world, start = World(timetable.build(stations, _SEED)), _DAY.replace(hour=hour)
    chosen = range(stations)
    if busiest:
        sizes = [len(displayed_board.board(world, number, start.timestamp()).departures) for number in chosen]
        chosen = range(sizes.index(max(sizes)), sizes.index(max(sizes)) + 1)
    for round_ in range(rounds):
        for place, number in enumerate(chosen):
            at = (start + EVERY * (round_ + place / len(chosen))).astimezone(UTC)
            body = displayed_board.encode(displayed_board.board(world, number, at.timestamp()))
            name = world.network.stations[number].name
            yield BoardRecord(station=name, polled_at=at, body=body, source="replay", url="simulated")
