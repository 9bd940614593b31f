"""What is kept in memory of a key is what is stored of it, whichever keys are forgotten and whenever it restarts."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from udfs.keyed_state import FewEntries, LiveKeys, LiveNote, LiveStruct
from zielzeit.berlin_time import Milliseconds


class Context:
    """The part of Flink's runtime context that has value states, of the key that is current."""

    def __init__(self) -> None:
        self.key = ""
        self.calls = 0
        self.stored: dict[str, dict[str, Any]] = defaultdict(dict)
        """By state and key."""

    def get_state(self, descriptor: Any) -> ValueOfKey:
        return ValueOfKey(self, descriptor.get_name())


class ValueOfKey:
    """Flink's value state."""

    def __init__(self, context: Context, name: str) -> None:
        self._context, self._of_key = context, context.stored[name]

    def value(self) -> Any:
        self._context.calls += 1
        return self._of_key.get(self._context.key)

    def update(self, value: Any) -> None:
        self._context.calls += 1
        self._of_key[self._context.key] = value

    def clear(self) -> None:
        self._context.calls += 1
        self._of_key.pop(self._context.key, None)


class Entries:
    """Entries by key, with two keys in memory."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._live = LiveKeys(context, keys=2)  # type: ignore[arg-type]
        self._entries = FewEntries(self._live, "entries")

    def of(self, key: str) -> FewEntries:
        self._context.key = key
        self._live.enter(key)
        return self._entries


@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 2), st.sampled_from([b"", b"x", None]), st.booleans()))
)
def test_few_entries_are_a_mapping_of_each_key(steps: list[tuple[str, int, bytes | None, bool]]) -> None:
    context = Context()
    entries, expected = Entries(context), defaultdict[str, dict[int, bytes]](dict)
    for key, number, value, restarts in steps:
        if restarts:
            entries = Entries(context)
        at, of_key = Milliseconds(number), entries.of(key)
        if value is None:
            assert of_key.pop(at, None) == expected[key].pop(number, None)
        else:
            of_key[at] = expected[key][number] = value
        assert dict(of_key) == expected[key]
        assert (len(of_key), at in of_key) == (len(expected[key]), number in expected[key])
    for key, of_key in expected.items():
        assert dict(Entries(context).of(key)) == of_key
    assert set(context.stored["entries"]) == {key for key, of_key in expected.items() if of_key}


def test_a_key_is_read_once_and_cleared_only_where_something_is_stored() -> None:
    context = Context()
    entry = Entries(context).of("A")
    assert not entry
    assert entry.pop(Milliseconds(1), None) is None
    assert context.calls == 1
    entry[Milliseconds(1)] = b"x"
    del entry[Milliseconds(1)]
    assert (context.calls, context.stored["entries"]) == (3, {})
    live = LiveKeys(context)  # type: ignore[arg-type]
    live.enter("A")
    struct = LiveStruct(live, "struct", list[int])
    assert struct.load() == []
    struct.clear()
    assert context.calls == 4


def test_a_note_is_forgotten_with_its_key() -> None:
    live = LiveKeys(Context(), keys=1)  # type: ignore[arg-type]
    note = LiveNote(live, "timer", 0)
    live.enter("A")
    note.store(7)
    assert note.load() == 7
    live.enter("B")
    assert note.load() == 0
    live.enter("A")
    assert note.load() == 0
