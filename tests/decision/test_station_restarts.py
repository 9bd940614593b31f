"""A station that is killed and made anew at any moment, on any subtask, tells what the fold in order tells, and when.

The store stands in for Flink's keyed state, the copies of it for checkpoints: a kill throws away what was stored and
told since the last one, and the boards since come again, as Kafka's do.
"""

from __future__ import annotations

import copy
import random
from collections import Counter

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.decision.scenarios import HERE, recordings
from tests.decision.stream import Arrival
from tests.thoroughness import thorough
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision import station_store
from zielzeit.decision.arrival import Arrival as Seen
from zielzeit.decision.arrival import EarlyStep
from zielzeit.decision.decider import Decider, Output
from zielzeit.decision.rules import Rules
from zielzeit.decision.state import StationState
from zielzeit.decision.station import SNAPSHOT_EVERY, StationProcess, StationStep
from zielzeit.decision.station_store import ReceivedBoard, StationStore
from zielzeit.event_time_timers import BEFORE_ALL, EventTimeTimers
from zielzeit.events.structs import Decision

GRACE = 5
DECIDER = Decider(Rules(), GRACE)
END = 48 * 60 * MINUTE
some = settings(max_examples=thorough(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])


class FirstSights:
    """Tells each train once, when a board first shows it; forgets it when it is decided."""

    def new(self) -> set[str]:
        return set()

    def encode(self, told: set[str]) -> bytes:
        return msgspec.msgpack.encode(sorted(told)) if told else b""

    def decode(self, kept: bytes) -> set[str]:
        return set(msgspec.msgpack.decode(kept, type=list[str]))

    def on_arrival(self, seen: Seen, told: set[str]) -> EarlyStep:
        found = [key for key, entry in seen.station.entries.items() if not entry.kind and key not in told]
        told.update(found)
        return EarlyStep(found, changed=bool(found))

    def on_turn(self, outputs: object, told: set[str]) -> EarlyStep:
        assert outputs
        return EarlyStep()


class Subtask:
    """One station with a checkpoint of all that a subtask's state is, and what was told up to there."""

    def __init__(self) -> None:
        self.store, self.timers = station_store.in_memory(), EventTimeTimers()
        self.outputs: list[Output] = []
        self.early: list[object] = []
        self.place = 0
        """Number of boards that have come."""
        self.start()
        self.checkpoint()

    def start(self) -> None:
        """Begin with what is stored: here, or after a rescaling elsewhere."""
        self.watermark = BEFORE_ALL
        self.process = StationProcess(DECIDER, self.store, early=FirstSights())

    def checkpoint(self) -> None:
        self._kept = copy.deepcopy((self.store, self.timers, self.outputs, self.early, self.place))

    def kill(self) -> None:
        self.store, self.timers, self.outputs, self.early, self.place = copy.deepcopy(self._kept)
        self.start()

    def arrive(self, board: Arrival) -> None:
        self.place += 1
        step = self.process.on_board(HERE, Milliseconds(board.polled_at), ReceivedBoard(board.value))
        assert all(isinstance(output, Decision) and output.kind == "late" for output in step.outputs)
        self._took(step)

    def pass_watermark(self, watermark: int) -> None:
        self.watermark = max(self.watermark, Milliseconds(watermark))
        for timer, _ in self.timers.fire(self.watermark):
            step = self.process.on_time(HERE, timer, self.watermark)
            assert not step.outputs or step.at + GRACE * MINUTE <= timer, "nothing is told before its turn"
            self._took(step)
        assert len(self.store.boards) <= SNAPSHOT_EVERY + len(self.process.station(HERE).held)

    def _took(self, step: StationStep) -> None:
        self.outputs += step.outputs
        self.early += step.early
        if step.register is not None:
            self.timers.register(HERE, step.register)


def folded(boards: list[Arrival]) -> Counter[bytes]:
    """What the boards lead to, one after the other, with a state that stays in memory."""
    station, memory, outputs = StationState(), dict[str, bytes](), list[Output]()
    for board in boards:
        outputs += DECIDER.take(HERE, station, memory, board.value, Milliseconds(board.polled_at))
    if boards:
        outputs += DECIDER.pass_time(HERE, station, memory, Milliseconds(boards[-1].polled_at + END))
    return as_set(outputs)


def as_set(outputs: list[Output]) -> Counter[bytes]:
    return Counter(map(msgspec.json.encode, outputs))


def run(boards: list[Arrival], rng: random.Random, kills: float) -> Subtask:
    """Boards, some of them twice, in any order inside the grace; killed and moved again and again."""
    copies = [board for board in boards for _ in range(1 + (rng.random() < 0.2))]
    sent = sorted(copies, key=lambda board: board.polled_at + rng.random() * (GRACE * MINUTE - 1))
    newest = [max(one.polled_at for one in sent[: place + 1]) for place in range(len(sent))]
    subtask = Subtask()
    while subtask.place < len(sent):
        at = newest[subtask.place]
        subtask.arrive(sent[subtask.place])
        if rng.random() < 0.7:
            subtask.pass_watermark(at - rng.randrange(2) * MINUTE)
        if rng.random() < kills:
            subtask.checkpoint()
        elif rng.random() < kills:
            subtask.kill()
    if boards:
        subtask.pass_watermark(newest[-1] + END + GRACE * MINUTE)
    return subtask


@some
@given(recordings(), st.randoms(use_true_random=False))
def test_kills_at_any_moment_change_nothing(boards: list[Arrival], rng: random.Random) -> None:
    subtask = run(boards, rng, 0.2)
    assert as_set(subtask.outputs) == folded(boards)


@some
@given(recordings(), st.randoms(use_true_random=False))
def test_what_is_told_early_is_told_once_and_changes_nothing(boards: list[Arrival], rng: random.Random) -> None:
    subtask = run(boards, rng, 0.2)
    assert max(Counter(subtask.early).values(), default=1) == 1
    decided = [output for output in subtask.outputs if isinstance(output, Decision) and output.kind != "late"]
    assert bool(subtask.early) >= bool(decided)
    assert as_set(subtask.outputs) == folded(boards)


@some
@given(recordings())
def test_a_day_after_its_last_board_a_station_keeps_no_boards_and_no_timer(boards: list[Arrival]) -> None:
    subtask = run(boards, random.Random(1), 0.0)
    store: StationStore = subtask.store
    assert not store.boards
    assert not len(subtask.timers)
    assert not subtask.process.station(HERE).state.due
