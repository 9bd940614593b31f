"""Which train is next, however often its instant moves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zielzeit.berlin_time import Milliseconds
from zielzeit.runs import due_trains
from zielzeit.runs.due_trains import DueTrains

move = st.tuples(st.sampled_from("ABC"), st.none() | st.integers(0, 9))


@given(st.lists(st.one_of(move, st.integers(0, 9))))
def test_trains_are_taken_when_their_last_instant_has_come(steps: list[tuple[str, int | None] | int]) -> None:
    due, expected = DueTrains(), dict[str, int]()
    for step in steps:
        if isinstance(step, tuple):
            train, at = step
            due.move(train, None if at is None else Milliseconds(at))
            expected.pop(train, None)
            if at is not None:
                expected[train] = at
        else:
            taken = sorted((at, train) for train, at in expected.items() if at <= step)
            assert due.take(Milliseconds(step)) == [train for _, train in taken]
            expected = {train: at for train, at in expected.items() if at > step}
        assert due.earliest() == min(expected.values(), default=None)


def test_outdated_instants_are_not_kept_for_ever() -> None:
    due = DueTrains()
    for at in range(100_000):
        due.move("RE 7", Milliseconds(at))
    assert len(due._heap) <= due_trains._SPARE + 3
    assert due.take(Milliseconds(99_998)) == []
    assert due.take(Milliseconds(99_999)) == ["RE 7"]
