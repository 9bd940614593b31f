"""A station's process: which timers it asks for, what it reads of the state, and what becomes of late boards."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.decision.handmade import HERE, at, body, row
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision.dead_letter import MAX_BODY, dead_letter
from zielzeit.decision.decider import Decider, Output, RejectedBoard
from zielzeit.decision.rules import Rules
from zielzeit.decision.state import StationState
from zielzeit.decision.station import END_OF_INPUT, ReceivedBoard, StationProcess, StationStep
from zielzeit.event_time_timers import BEFORE_ALL
from zielzeit.events import topic_record
from zielzeit.events.structs import Decision
from zielzeit.stored_value import InMemory

GRACE = 5


class Counted(InMemory[StationState]):
    """A station's state that counts how often it is loaded, for that is what costs in Flink."""

    loads = 0

    def load(self) -> StationState:
        self.loads += 1
        return super().load()


def process(station: InMemory[StationState] | None = None) -> StationProcess:
    return StationProcess(Decider(Rules(), GRACE), station or InMemory(StationState), {}, {})


def take(one: StationProcess, time: str, *rows: dict[str, object]) -> StationStep:
    """A board in time, and its turn."""
    one.on_board(HERE, at(time), ReceivedBoard(body(*rows)), BEFORE_ALL)
    return one.on_time(HERE, at(time) + GRACE * MINUTE, at(time) + GRACE * MINUTE)


def kinds(outputs: Sequence[Output]) -> list[str]:
    return [output.kind for output in outputs if isinstance(output, Decision)]


def test_a_board_in_time_waits_for_the_grace_and_its_stations_state_is_not_loaded() -> None:
    state = Counted(StationState)
    step = process(state).on_board(HERE, at("12:00"), ReceivedBoard(body(row())), at("12:04"))
    assert step == StationStep(register=at("12:05"))
    assert state.loads == 0


def test_a_train_that_is_gone_asks_for_a_timer_and_is_decided_when_it_fires() -> None:
    one = process()
    take(one, "12:06", row(departure="12:05"))
    asked = take(one, "12:09").register
    assert asked == at("12:18")  # last seen at 12:06, a gap of 7 and a grace of 5 minutes
    assert kinds(one.on_time(HERE, asked, asked).outputs) == ["departed"]


def test_a_train_that_comes_back_takes_its_timer_with_it() -> None:
    one = process()
    take(one, "12:06", row(departure="12:05"))
    asked = take(one, "12:09").register
    assert take(one, "12:10", row(departure="12:05", delay=6)).delete == asked


def test_the_end_of_a_bounded_input_is_no_deadline() -> None:
    one = process()
    take(one, "12:06", row(departure="12:05"))
    asked = take(one, "12:09").register
    assert asked is not None
    assert one.on_time(HERE, asked, END_OF_INPUT) == StationStep()


def test_a_board_after_its_turn_only_adds_late_decisions() -> None:
    one = process()
    for minute in range(0, 18, 3):
        take(one, f"12:{minute:02}", row(departure="12:00"))
    late = one.on_board(HERE, at("12:01"), ReceivedBoard(body(row(departure="12:00"))), at("12:20"))
    assert kinds(late.outputs) == ["late"]
    assert (late.register, late.delete) == (None, None)


@pytest.mark.parametrize("polled_at", [-1, -(2**62), 1_790_000_000_000_000, 2**62, 253_402_300_799_999])
def test_a_board_of_an_impossible_time_becomes_a_dead_letter_with_a_possible_one(polled_at: int) -> None:
    one, at_once = process(), Milliseconds(polled_at)
    turn = Milliseconds(polled_at + GRACE * MINUTE)
    one.on_board(HERE, at_once, ReceivedBoard(body(row())), BEFORE_ALL)
    step = one.on_time(HERE, turn, turn)
    (rejected,) = step.outputs
    assert isinstance(rejected, RejectedBoard)
    record = topic_record.of_dead_letter(dead_letter(rejected, step, HERE, "boards"))
    assert 0 <= record.at < 253_402_300_800_000
    assert str(polled_at) in rejected.reason


def test_a_dead_letter_names_its_record_and_carries_no_more_than_a_megabyte() -> None:
    one = process()
    one.on_board(HERE, at("12:00"), ReceivedBoard(b"x" * (MAX_BODY + 1), 3, 42), BEFORE_ALL)
    step = one.on_time(HERE, at("12:05"), at("12:05"))
    (rejected,) = step.outputs
    assert isinstance(rejected, RejectedBoard)
    letter = dead_letter(rejected, step, HERE, "boards")
    assert (letter.key, letter.partition, letter.offset) == (HERE, 3, 42)
    assert (len(letter.body), letter.truncated) == (MAX_BODY, True)
