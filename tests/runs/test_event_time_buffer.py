"""Elements leave in the same order whichever way they came, however many wait for one instant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zielzeit.runs.event_time_buffer import EventTimeBuffer

AT = 1_773_129_600_000
LATEST = 253_402_300_799_999
"""The last millisecond of the year 9999."""


class Counting(dict[int, bytes]):
    """Map state that counts the bytes written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = 0

    def __setitem__(self, key: int, value: bytes) -> None:
        self.written += len(value)
        super().__setitem__(key, value)


@given(st.lists(st.tuples(st.integers(0, 2), st.binary(max_size=3)), max_size=400))
def test_each_instant_gives_its_elements_sorted_and_leaves_nothing_behind(sent: list[tuple[int, bytes]]) -> None:
    state: dict[int, bytes] = {}
    timers = []
    for instant, element in sent:
        # A new buffer for each element: all that it knows is in the state, as after a restart.
        timer = EventTimeBuffer(state).add(AT + instant, element)
        if timer is not None:
            timers.append(timer)
    assert sorted(timers) == sorted({AT + instant for instant, _ in sent})
    for timer in timers:
        expected = sorted(element for instant, element in sent if AT + instant == timer)
        assert EventTimeBuffer(state).take(timer) == expected
    assert state == {}


@pytest.mark.parametrize("at", [0, AT, LATEST])
def test_the_work_to_add_an_element_does_not_grow_with_those_that_wait(at: int) -> None:
    element = bytes(100)

    def written(count: int) -> int:
        state = Counting()
        buffer = EventTimeBuffer(state)
        for _ in range(count):
            buffer.add(at, element)
        assert all(-(2**63) <= key < 2**63 for key in state)  # Flink keeps them as 64 bits
        assert len(buffer.take(at)) == count
        return state.written

    assert written(16_000) == 2 * written(8_000)


def test_more_elements_of_an_instant_than_it_has_keys_leave_together() -> None:
    state: dict[int, bytes] = {}
    buffer = EventTimeBuffer(state)
    sent = [b"%d" % number for number in range(2**15 + 10)]
    timers = [buffer.add(AT, element) for element in sent]
    assert [timer for timer in timers if timer is not None] == [AT]
    assert buffer.take(AT) == sorted(sent)
    assert state == {}
