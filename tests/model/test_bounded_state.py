"""Two months of a small railway through the processes of all operators: what they keep does not grow with time.

The same simulated day comes again and again. Every other train of it gets a new number each day, as relief trains do
and all trains at a change of the timetable: whoever keeps something for each number he has seen would grow for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from zielzeit import berlin_time
from zielzeit import settings as configuration
from zielzeit.berlin_time import BERLIN, MINUTE, Milliseconds
from zielzeit.boards.parse import decompress
from zielzeit.decision import station_store
from zielzeit.decision.decider import Decider
from zielzeit.decision.offline import Stations
from zielzeit.decision.planned_stop import PlannedStop, encode
from zielzeit.decision.station import StationProcess, StationStep
from zielzeit.decision.station_store import StationStore, decode_snapshot
from zielzeit.event_time_timers import EventTimeTimers
from zielzeit.events.structs import Decision
from zielzeit.events.topic_record import run_key
from zielzeit.features.named_tables import SPACES
from zielzeit.features.network_state import NetworkState
from zielzeit.features.statistics import KEPT_DAYS
from zielzeit.model.describing_process import DescribingProcess, Snapshot
from zielzeit.model.label_process import LabelProcess
from zielzeit.model.predict import OneModel
from zielzeit.model.scoring_process import ScoringProcess
from zielzeit.recordings.read import read_boards
from zielzeit.runs.group_keys import group_keys
from zielzeit.runs.messages import waiting
from zielzeit.runs.run_process import RunProcess
from zielzeit.runs.train_state import TrainState
from zielzeit.simulator import recording, timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.world import World
from zielzeit.stations.register import StationRegister
from zielzeit.stored_value import InMemory

pytestmark = pytest.mark.slow

START = datetime(2026, 1, 12, 3, tzinfo=BERLIN)  # no change of the clock within the two months
DAYS = KEPT_DAYS + 16
DAY = timedelta(days=1)

Boards = list[tuple[datetime, str, bytes]]


class Job:
    """The processes of ``decide``, ``follow``, ``describe`` and ``score`` under one watermark, and their state."""

    def __init__(self) -> None:
        self.station_stores: list[StationStore] = []
        self.trains: dict[str, TrainState] = {}
        self.decisions: dict[int, bytes] = {}
        self.log: dict[int, bytes] = {}
        self.snapshot = InMemory(Snapshot)
        self.waiting: dict[int, bytes] = {}
        self.pending: dict[str, bytes] = {}
        self._stations = Stations(Decider.of(configuration.load()), self._new_station)
        self._following = RunProcess(self.trains, self.decisions, group_keys(StationRegister(())))
        self.run_timers, self.describe_timers = EventTimeTimers(), EventTimeTimers()
        self._describing = DescribingProcess(self.waiting, self.snapshot, self.log, lambda: None)
        self._scoring = ScoringProcess(OneModel(), LabelProcess(self.pending, {}))
        self.predictions = 0

    def _new_station(self, decider: Decider) -> StationProcess:
        store = station_store.in_memory()
        self.station_stores.append(store)
        return StationProcess(decider, store)

    def board(self, at: datetime, station: str, body: bytes) -> None:
        """A board arrives, and the watermark with it."""
        now = berlin_time.milliseconds(at)
        self._take([self._stations.arrive(station, now, body)])
        watermark = Milliseconds(now - MINUTE)
        self._take(step for _, step in self._stations.pass_watermark(watermark))
        for due, _ in self.run_timers.fire(watermark):
            step = self._following.on_time(due)
            self._register(step.register, self.run_timers)
            if step.messages:
                self._register(self._describing.on_messages(waiting(step.messages)), self.describe_timers)
        for due, _ in self.describe_timers.fire(watermark):
            described = self._describing.on_time(due)
            self._register(described.register, self.describe_timers)
            self.predictions += len(self._scoring.on_batch([(at, one) for _, at, one in described.told]).predictions)

    def _take(self, steps: Iterable[StationStep]) -> None:
        for step in steps:
            for output in step.outputs:
                if isinstance(output, PlannedStop) or (isinstance(output, Decision) and output.kind != "late"):
                    train, at = run_key(output.category, output.number), berlin_time.milliseconds(output.decided_at)
                    self._register(self._following.on_decision(train, at, encode(output)), self.run_timers)

    def _register(self, at: Milliseconds | None, timers: EventTimeTimers) -> None:
        if at is not None:
            timers.register("", at)

    def sizes(self) -> dict[str, int]:
        """Number of entries that each operator keeps, by operator and state."""
        stations = [decode_snapshot(store.snapshot.load()) for store in self.station_stores]
        sizes = {
            "decide: trains": sum(len(station.entries) for station, _ in stations),
            "decide: remembered trains": sum(len(memory) for _, memory in stations),
            "decide: boards": sum(len(store.boards) for store in self.station_stores),
            "follow: trains with state": len(self.trains),
            "follow: runs": sum(len(train.runs) for train in self.trains.values()),
            "follow: journeys": sum(len(train.journeys) for train in self.trains.values()),
            "follow: waiting": len(self.decisions),
            "follow: timers": len(self.run_timers),
            "describe: maps": len(self.waiting) + len(self.log),
            "describe: bytes of log": sum(map(len, self.log.values())),
            "score: predictions": len(self.pending),
        }
        network = self.snapshot.load().network
        if network:
            state = NetworkState.from_bytes(network)
            sizes |= {f"describe: {space}": len(state.names(space)) for space in SPACES}
        return sizes


def one_day(folder: Path) -> Boards:
    """The boards of a simulated day of five stations."""
    recording.record(
        World(timetable.build(5, seed=3)),
        folder / "day.jsonl",
        start=START,
        hours=24,
        every=1800,
        faults=Faults.parse("none", seed=3),
    )
    return [(board.polled_at, board.station, decompress(board.body)) for board in read_boards([folder / "day.jsonl"])]


def renumbered(body: bytes, day: int) -> bytes:
    """The board with every fifth of its trains, half of them with a new number."""
    board = msgspec.json.decode(body)
    rows = [row for row in board["departures"] if int(row["trainNumber"]) % 10 in (0, 1)]
    for row in rows:
        if int(row["trainNumber"]) % 2:
            row["trainNumber"] = f"{day + 1}{row['trainNumber']:0>5}"
    return msgspec.json.encode(board | {"departures": rows})


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, int]]:
    """Sizes at the end of each day."""
    job, boards, found = Job(), one_day(tmp_path_factory.mktemp("day")), []
    for day in range(DAYS):
        for at, station, body in boards:
            job.board(at + day * DAY, station, renumbered(body, day))
        found.append(job.sizes())
    assert job.predictions > 20 * DAYS
    return found


def test_what_lives_with_a_train_is_flat_after_the_second_day(sizes: list[dict[str, int]]) -> None:
    lasting = (
        "describe: train",
        "describe: service",
        "describe: relation",
        "follow: journeys",
        "follow: trains with state",
    )
    for name in sizes[-1]:
        if name not in (*lasting, "follow: timers"):
            kept = [found.get(name, 0) for found in sizes[2:]]
            assert max(kept) <= 1.2 * kept[0], (name, kept)


def test_what_is_learnt_of_train_numbers_is_flat_after_six_weeks(sizes: list[dict[str, int]]) -> None:
    full = sizes[KEPT_DAYS + 3]
    assert full["describe: train"] > 10 * sizes[2]["describe: train"], "the numbers change"
    for found in sizes[KEPT_DAYS + 4 :]:
        for name, size in full.items():
            assert found[name] <= 1.1 * size, (name, size, found[name])
