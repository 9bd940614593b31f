"""Who polls a station and its part sees each train on two boards, and counts it once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.railway import ROUTE, decision
from tests.runs.followers import follow_all
from zielzeit.events.structs import Decision, Kind
from zielzeit.runs.messages import CancelledStop, Departure, Ending
from zielzeit.stations.register import StationRegister
from zielzeit.stations.source import Source
from zielzeit.stations.station import Station

NAMES = [*ROUTE, "E"]
REGISTER = StationRegister(
    (Source.TABLE, station)
    for number, name in enumerate(NAMES)
    for station in (
        Station(str(8000000 + number), name),
        Station(str(8000100 + number), f"{name} (tief)", group=str(8000000 + number)),
    )
)


def on_the_parts_board(one: Decision, seconds: int = 0) -> Decision:
    """The same row on the board of the station's part."""
    part = f"{one.station} (tief)"
    _, _, row = one.id.partition("|")
    later = one.decided_at + timedelta(seconds=seconds)
    return msgspec.structs.replace(one, id=f"{part}|{row}", station=part, decided_at=later)


def journey(second: Kind = "departed", **end: object) -> list[Decision]:
    return [
        decision("A", 0, delay=2),
        decision("B", 20, delay=None if second == "cancelled" else 5, kind=second),
        decision("C", 40, delay=4),
        decision("D", 60, **{"kind": "terminated", "delay": 3, **end}),  # type: ignore[arg-type]
    ]


@given(
    st.sampled_from(["departed", "cancelled"]),
    st.lists(st.tuples(st.booleans(), st.integers(-240, 240)), min_size=4, max_size=4),
)
def test_a_train_on_two_boards_departs_is_cancelled_and_ends_once(second: Kind, copies: list[tuple[bool, int]]) -> None:
    one = journey(second)
    both = one + [on_the_parts_board(row, seconds) for row, (shown, seconds) in zip(one, copies, strict=True) if shown]
    alone = [message for _, _, message in follow_all(one, register=REGISTER)]
    made = [message for _, _, message in follow_all(both, REGISTER, restarting=True)]
    assert [_kinds(made), _rows(made)] == [_kinds(alone), _rows(alone)]
    ended = Counter(left.id for end in made if isinstance(end, Ending) for left in end.departures)
    assert ended == Counter(left.id for left in made if isinstance(left, Departure))
    assert [_end(end) for end in made if isinstance(end, Ending)] == [_end(e) for e in alone if isinstance(e, Ending)]


def _kinds(messages: list[Departure | CancelledStop | Ending]) -> Counter[str]:
    return Counter(type(message).__name__ for message in messages)


def _rows(messages: list[Departure | CancelledStop | Ending]) -> Counter[str]:
    return Counter(one.id.partition("|")[2] for one in messages if isinstance(one, Departure | CancelledStop))


def _end(ending: Ending) -> tuple[str, int | None]:
    return ending.status, ending.delay


def test_the_decision_that_comes_first_counts() -> None:
    one = journey()
    both = [*one, on_the_parts_board(one[0], -60), on_the_parts_board(one[1], 60)]
    left = [message.id for _, _, message in follow_all(both, register=REGISTER) if isinstance(message, Departure)]
    assert [name.partition("|")[0] for name in left] == ["A (tief)", "B", "C"]


@pytest.mark.parametrize("other", ["|E", ""])
def test_parts_of_a_train_and_a_cancellation_that_is_repeated_are_told_each(other: str) -> None:
    """Not the same row: a train's other part has a destination in its id, and a revoked cancellation may come again."""
    first = decision("A", 0) if other else decision("A", 0, kind="cancelled", delay=None)
    again = msgspec.structs.replace(first, id=first.id + other, revision=1)
    told = [one for _, _, one in follow_all([first, again], register=REGISTER) if not isinstance(one, Ending)]
    assert len(told) == 2
