"""A station's process: which timers it asks for, what it reads of the state, and what becomes of late boards."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.decision.handmade import HERE, at, body, row
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision import station_store
from zielzeit.decision.dead_letter import MAX_BODY, dead_letter
from zielzeit.decision.decider import Decider, Output, RejectedBoard
from zielzeit.decision.rules import Rules
from zielzeit.decision.station import END_OF_INPUT, SNAPSHOT_EVERY, StationProcess, StationStep
from zielzeit.decision.station_store import ReceivedBoard, StationStore
from zielzeit.events import topic_record
from zielzeit.events.structs import Decision
from zielzeit.stored_value import InMemory

GRACE = 5


class Counted(InMemory[bytes]):
    """A stored snapshot that counts how often it is read and written, for that is what costs in Flink."""

    loads = stores = 0

    def load(self) -> bytes:
        self.loads += 1
        return super().load()

    def store(self, value: bytes) -> None:
        self.stores += 1
        super().store(value)


def process(store: StationStore | None = None) -> StationProcess:
    return StationProcess(Decider(Rules(), GRACE), store or station_store.in_memory())


def take(one: StationProcess, time: str, *rows: dict[str, object]) -> StationStep:
    """A board in time, and its turn."""
    one.on_board(HERE, at(time), ReceivedBoard(body(*rows)))
    return one.on_time(HERE, at(time) + GRACE * MINUTE, at(time) + GRACE * MINUTE)


def kinds(outputs: Sequence[Output]) -> list[str]:
    return [output.kind for output in outputs if isinstance(output, Decision)]


def test_a_board_in_time_waits_for_the_grace() -> None:
    step = process().on_board(HERE, at("12:00"), ReceivedBoard(body(row())))
    assert step == StationStep(register=at("12:05"))


def test_a_station_is_read_once_and_written_now_and_then() -> None:
    snapshot = Counted(bytes)
    one = process(station_store.in_memory()._replace(snapshot=snapshot))
    for minute in range(3 * SNAPSHOT_EVERY):
        take(one, f"12:{minute:02}", row(departure="14:00"))
    assert (snapshot.loads, snapshot.stores) == (1, 3)


def test_no_more_boards_are_kept_than_a_snapshot_and_the_grace_take() -> None:
    store = station_store.in_memory()
    one = process(store)
    for minute in range(60):
        one.on_board(HERE, at(f"12:{minute:02}"), ReceivedBoard(body(row(departure="14:00"))))
        for turn in range(2):
            one.on_time(HERE, at(f"12:{minute:02}") - turn, at(f"12:{minute:02}"))
        assert len(store.boards) <= SNAPSHOT_EVERY + GRACE


def test_a_board_from_before_those_that_wait_is_decided_before_them() -> None:
    one, shown = process(), [row(departure="12:05")]
    for time, rows in [("12:06", shown), ("12:09", []), ("12:12", shown), ("12:08", shown)]:
        step = one.on_board(HERE, at(time), ReceivedBoard(body(*rows)))
        assert kinds(step.outputs) == []
    assert one.on_time(HERE, at("12:11"), at("12:11")).at == at("12:06")
    assert one.on_time(HERE, at("12:13"), at("12:13")).at == at("12:08")


def test_what_waits_is_decided_after_a_restart() -> None:
    store = station_store.in_memory()
    one = process(store)
    take(one, "12:06", row(departure="12:05"))
    asked = take(one, "12:09").register
    assert asked == at("12:18")
    one.on_board(HERE, at("12:15"), ReceivedBoard(body()))
    assert kinds(process(store).on_time(HERE, asked, asked).outputs) == ["departed"]


def test_a_quiet_station_keeps_no_boards() -> None:
    store = station_store.in_memory()
    one = process(store)
    take(one, "12:06", row(departure="12:05"))
    asked = take(one, "12:09").register
    assert asked is not None
    assert store.boards
    assert kinds(one.on_time(HERE, asked, asked).outputs) == ["departed"]
    assert not store.boards
    assert store.frontier.load() == at("12:13")


def test_a_train_that_is_gone_asks_for_a_timer_and_is_decided_when_it_fires() -> None:
    one = process()
    take(one, "12:06", row(departure="12:05"))
    asked = take(one, "12:09").register
    assert asked == at("12:18")  # last seen at 12:06, a gap of 7 and a grace of 5 minutes
    assert kinds(one.on_time(HERE, asked, asked).outputs) == ["departed"]


def test_the_timer_of_a_train_that_comes_back_does_nothing() -> None:
    one = process()
    take(one, "12:06", row(departure="12:05"))
    asked = take(one, "12:09").register
    assert asked is not None
    assert (take(one, "12:10", row(departure="12:05", delay=6)).register or 0) > asked
    assert one.on_time(HERE, asked, asked) == StationStep()


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
    late = one.on_board(HERE, at("12:01"), ReceivedBoard(body(row(departure="12:00"))))
    assert kinds(late.outputs) == ["late"]
    assert late.register is None


def test_a_board_that_is_late_does_not_know_what_still_waits() -> None:
    one = process()
    for minute in range(0, 12, 3):
        take(one, f"12:{minute:02}", row(departure="12:03"))
    one.on_board(HERE, at("12:12"), ReceivedBoard(body(row(departure="12:03"))))
    late = one.on_board(HERE, at("12:01"), ReceivedBoard(body(row(departure="12:03"))))
    assert kinds(late.outputs) == []
    assert kinds(one.on_time(HERE, at("12:17"), at("12:17")).outputs) == ["departed"]


@pytest.mark.parametrize("polled_at", [-1, -(2**62), 1_790_000_000_000_000, 2**62, 253_402_300_799_999])
def test_a_board_of_an_impossible_time_becomes_a_dead_letter_with_a_possible_one(polled_at: int) -> None:
    one, at_once = process(), Milliseconds(polled_at)
    turn = Milliseconds(polled_at + GRACE * MINUTE)
    step = one.on_board(HERE, at_once, ReceivedBoard(body(row())))
    if polled_at > 0:  # it waits for its turn; before 1970 all boards are late
        step = one.on_time(HERE, turn, turn)
    (rejected,) = step.outputs
    assert isinstance(rejected, RejectedBoard)
    record = topic_record.of_dead_letter(dead_letter(rejected, step, HERE, "boards"))
    assert 0 <= record.at < 253_402_300_800_000
    assert str(polled_at) in rejected.reason


def test_a_dead_letter_names_its_record_and_carries_no_more_than_a_megabyte() -> None:
    one = process()
    one.on_board(HERE, at("12:00"), ReceivedBoard(b"x" * (MAX_BODY + 1), 3, 42))
    step = one.on_time(HERE, at("12:05"), at("12:05"))
    (rejected,) = step.outputs
    assert isinstance(rejected, RejectedBoard)
    letter = dead_letter(rejected, step, HERE, "boards")
    assert (letter.key, letter.partition, letter.offset) == (HERE, 3, 42)
    assert (len(letter.body), letter.truncated) == (MAX_BODY, True)
