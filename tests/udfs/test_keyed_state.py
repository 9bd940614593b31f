"""What is in memory of the structs in state is what is stored, whichever are forgotten and whenever it restarts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from udfs.keyed_state import StructMapping


class Counting(dict[str, bytes]):
    """Map state that counts how often it is read."""

    reads = 0

    def get(self, key: str, default: bytes | None = None) -> bytes | None:  # type: ignore[override]
        self.reads += 1
        return super().get(key, default)


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.none() | st.integers(0, 2), st.booleans())))
def test_structs_are_a_mapping_with_two_of_them_in_memory(steps: list[tuple[str, int | None, bool]]) -> None:
    stored, expected = Counting(), dict[str, list[int]]()
    structs = StructMapping(stored, list[int], most=2)
    for key, number, restarts in steps:
        if restarts:
            structs = StructMapping(stored, list[int], most=2)
        if number is None:
            assert structs.pop(key, None) == expected.pop(key, None)
        else:
            structs[key] = expected[key] = [number]
        assert {one: structs.get(one) for one in "ABC"} == {one: expected.get(one) for one in "ABC"}
        assert (dict(structs), len(structs)) == (expected, len(expected))
    assert dict(StructMapping(stored, list[int])) == expected


def test_a_struct_is_read_once_also_where_there_is_none() -> None:
    stored = Counting(A=b"\x91\x07")
    structs = StructMapping(stored, list[int])
    for _ in range(3):
        assert structs.get("A") == [7]
        assert structs.get("B") is None
    assert stored.reads == 2
    structs["B"] = [8]
    assert structs.pop("A") == [7]
    assert (structs.get("A"), structs.get("B")) == (None, [8])
    assert stored.reads == 2
