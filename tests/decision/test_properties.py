"""Decisions are a function of the set of boards: not of their order, their copies, their way or the restarts."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.decision.handmade import at, body, row
from tests.decision.scenarios import HERE, START, recordings
from tests.decision.stream import Arrival, Stream
from tests.thoroughness import thorough
from zielzeit.berlin_time import MINUTE
from zielzeit.decision.decider import Decider, Output
from zielzeit.decision.rules import Rules
from zielzeit.decision.state import StationState
from zielzeit.events.structs import Decision

GRACE = 5
many = settings(max_examples=thorough(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def run(boards: list[Arrival], watermarks: list[int] | None = None) -> Stream:
    """Boards through one subtask; each is followed by a watermark (by default that of the newest board)."""
    stream, newest = Stream(Decider(Rules(), GRACE)), 0
    for place, board in enumerate(boards):
        stream.arrive(board)
        newest = max(newest, board.polled_at)
        if watermarks is None:
            stream.pass_watermark(newest)
        elif place < len(watermarks):
            stream.pass_watermark(min(newest, watermarks[place]))
    stream.pass_watermark(newest + 24 * 60 * MINUTE)
    return stream


def as_set(outputs: list[Output]) -> Counter[bytes]:
    """Outcomes whatever their order: an rejected board may stand before or after what fell due by then."""
    return Counter(msgspec.json.encode(outcome) for outcome in outputs)


@many
@given(recordings(), st.randoms(use_true_random=False))
def test_any_order_inside_the_grace_gives_the_same_decisions(boards: list[Arrival], rng: random.Random) -> None:
    shuffled = sorted(boards, key=lambda board: board.polled_at + rng.random() * (GRACE * MINUTE - 1))
    assert run(shuffled).decisions() == run(boards).decisions()


@many
@given(recordings(), st.randoms(use_true_random=False))
def test_any_pace_of_the_watermark_gives_the_same_decisions(boards: list[Arrival], rng: random.Random) -> None:
    slow = [board.polled_at - rng.randrange(0, 90) * MINUTE for board in boards]
    assert run(boards, slow).decisions() == run(boards).decisions()


@many
@given(recordings(), st.randoms(use_true_random=False))
def test_copies_add_nothing_but_late_records(boards: list[Arrival], rng: random.Random) -> None:
    copies = boards + [board for board in boards if rng.random() < 0.5]
    copies.sort(key=lambda board: board.polled_at + rng.random() * 30 * MINUTE * (copies.count(board) > 1))
    in_time = sorted(copies, key=lambda board: board.polled_at + rng.random() * (GRACE * MINUTE - 1))
    assert run(in_time).decisions() == run(boards).decisions()


@many
@given(recordings("A"), recordings("B"), recordings("C"), st.randoms(use_true_random=False))
def test_any_split_over_subtasks_gives_the_same_decisions(
    a: list[Arrival], b: list[Arrival], c: list[Arrival], rng: random.Random
) -> None:
    together = sorted([*a, *b, *c], key=lambda board: board.polled_at + rng.random() * (GRACE * MINUTE - 1))
    alone = run(a).decisions() | run(b).decisions() | run(c).decisions()
    assert run(together).decisions() == alone


@many
@given(recordings(), st.randoms(use_true_random=False))
def test_boards_that_come_too_late_only_add_late_records(boards: list[Arrival], rng: random.Random) -> None:
    too_late = [board for board in boards[:-1] if rng.random() < 0.2]
    in_time = [board for board in boards if board not in too_late]
    stream = run(in_time)
    before, state = stream.decisions(), stream.state()
    for board in too_late:
        if board.polled_at < in_time[-1].polled_at:
            stream.arrive(board)
    assert stream.decisions() == before
    assert stream.state() == state


@many
@given(recordings(), st.randoms(use_true_random=False))
def test_boards_that_come_too_late_after_a_restart_only_add_late_records(
    boards: list[Arrival], rng: random.Random
) -> None:
    stream = run(boards)
    before, state = stream.decisions(), stream.state()
    last = max((board.polled_at for board in boards if board.value.endswith(b"}")), default=0)
    stream.restart()
    for board in boards:
        if board.polled_at < last and rng.random() < 0.5:
            stream.arrive(board._replace(value=boards[0].value))
    stream.pass_watermark(START + 48 * 60 * MINUTE)
    assert stream.decisions() == before
    assert stream.state() == state


@many
@given(recordings())
def test_nothing_is_decided_twice(boards: list[Arrival]) -> None:
    found = [o for o in run(boards).outputs if isinstance(o, Decision) and o.kind != "late"]
    assert max(Counter((d.id, d.revision) for d in found).values(), default=1) == 1
    gone = Counter(d.id for d in found if d.kind in ("departed", "terminated"))
    assert max(gone.values(), default=1) == 1
    for decision in found:
        assert decision.last_seen <= decision.decided_at


@many
@given(recordings())
def test_restarts_between_any_two_steps_change_nothing(boards: list[Arrival]) -> None:
    """``Stream`` writes and reads its state at every step; here it stays in memory."""
    decider, station, memory = Decider(Rules(), GRACE), StationState(), dict[str, bytes]()
    outputs = []
    for board in boards:
        outputs += decider.take(HERE, station, memory, board.value, board.polled_at)
    if boards:
        outputs += decider.pass_time(HERE, station, memory, boards[-1].polled_at + 24 * 60 * MINUTE)
    assert as_set(outputs) == as_set(run(boards).outputs)


@many
@given(recordings(), st.integers(0, 300))
def test_looking_at_the_clock_more_often_changes_nothing(boards: list[Arrival], every: int) -> None:
    decider = Decider(Rules(), GRACE)
    found = []
    for pauses in (False, True):
        station, memory, outputs = StationState(), dict[str, bytes](), []
        for board in boards:
            if pauses:
                for moment in range(station.frontier or board.polled_at, board.polled_at - 1, (every + 1) * 1_000):
                    outputs += decider.pass_time(HERE, station, memory, moment)
            outputs += decider.take(HERE, station, memory, board.value, board.polled_at)
        if boards:  # a broken last board lets no time pass by itself
            outputs += decider.pass_time(HERE, station, memory, boards[-1].polled_at)
        found.append(outputs)
    assert as_set(found[0]) == as_set(found[1])


def test_after_a_week_the_state_is_that_of_a_day() -> None:
    stream, states = Stream(Decider(Rules(), GRACE)), []
    trains = [(str(number), number * 24) for number in range(60)]  # every 24 minutes, the same numbers each day
    for minute in range(0, 8 * 24 * 60, 20):
        shown = [
            row(number, f"{planned // 60:02}:{planned % 60:02}", delay=minute // 1440)
            for number, planned in trains
            if -60 <= (planned - minute + 120) % 1440 - 120 < 180
        ]
        stream.arrive(Arrival(HERE, at("2026-03-10T00:00") + minute * MINUTE, body(*shown)))
        stream.pass_watermark(at("2026-03-10T00:00") + minute * MINUTE)
        if minute % 1440 == 1420:
            states.append(stream.state())
    assert max(states[1:]) == min(states[1:])
    assert states[-1][0] <= 12
    assert states[-1][1] <= 60
    departed = Counter(o.id for o in stream.outputs if isinstance(o, Decision) and o.kind == "departed")
    assert len(departed) >= 7 * 60
    assert max(departed.values()) == 1
