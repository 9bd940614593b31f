"""Elements leave in the same order whichever way they came, and what is stored is what waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zielzeit.berlin_time import Milliseconds
from zielzeit.runs.event_time_buffer import EventTimeBuffer, Waiting

AT = 1_773_129_600_000

element = st.builds(
    Waiting,
    st.integers(AT, AT + 3).map(Milliseconds),
    st.sampled_from(["RE 7", "S 3"]),
    st.binary(max_size=2),
)


class Counting(dict[int, bytes]):
    """Map state that counts the bytes written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = 0

    def __setitem__(self, key: int, value: bytes) -> None:
        self.written += len(value)
        super().__setitem__(key, value)


@given(st.lists(st.one_of(st.lists(element, min_size=1, max_size=4), st.integers(AT, AT + 3))), st.booleans())
def test_elements_up_to_an_instant_leave_in_order_and_nothing_is_left_behind(
    steps: list[list[Waiting] | int], restarting: bool
) -> None:
    state: dict[int, bytes] = {}
    buffer, expected = EventTimeBuffer(state), list[Waiting]()
    for step in [*steps, AT + 3]:
        if restarting:
            buffer = EventTimeBuffer(state)
        if isinstance(step, list):
            buffer.add(step)
            expected += step
        else:
            assert buffer.earliest() == min((one.at for one in expected), default=None)
            assert buffer.take(Milliseconds(step)) == sorted(one for one in expected if one.at <= step)
            buffer.store()
            expected = [one for one in expected if one.at > step]
    assert state == {}


@given(st.lists(st.lists(element, min_size=1, max_size=4)))
def test_what_is_taken_and_not_stored_waits_again_after_a_restart(batches: list[list[Waiting]]) -> None:
    state: dict[int, bytes] = {}
    buffer = EventTimeBuffer(state)
    for batch in batches:
        buffer.add(batch)
    taken = buffer.take(Milliseconds(AT + 3))
    assert EventTimeBuffer(state).take(Milliseconds(AT + 3)) == taken


def test_the_work_to_add_an_element_does_not_grow_with_those_that_wait() -> None:
    def written(count: int) -> int:
        state = Counting()
        buffer = EventTimeBuffer(state)
        for _ in range(count):
            buffer.add([Waiting(Milliseconds(AT), "RE 7", bytes(100))])
        assert len(buffer.take(Milliseconds(AT))) == count
        buffer.store()
        assert state == {}
        return state.written

    assert written(16_000) == 2 * written(8_000)
