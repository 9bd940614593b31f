"""A row that cannot be read costs its own train alone, and is reported once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.decision.handmade import HERE, Watched, at, body, row
from tests.decision.scenarios import START, Train
from tests.thoroughness import thorough
from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision.dead_letter import dead_letter
from zielzeit.decision.decider import RejectedBoard
from zielzeit.decision.state import StationState
from zielzeit.decision.station import StationStep
from zielzeit.decision.station_store import ReceivedBoard

BUS = row("", "13:55", train="Bus SEV")
LATER = row("2", "13:30")


def test_a_bus_without_number_on_every_board_hides_no_train() -> None:
    for number in ("", None, [], "9" * 1000):
        station = Watched()
        bus = BUS | {"trainNumber": number}
        station.every_three_minutes("12:00", "12:03", row("1", "12:05", 2), bus, LATER)
        station.every_three_minutes("12:06", "12:18", bus, LATER)
        assert [(d.kind, d.delay) for d in station.decisions] == [("departed", 2)]
        assert len(station.refused) == 1


def test_a_row_that_becomes_unreadable_hides_its_own_train() -> None:
    station = Watched()
    train = row("1", "12:05", 2)
    station.every_three_minutes("12:00", "12:03", train, row("3", "12:05"), LATER)
    station.every_three_minutes("12:06", "12:36", train | {"isCancelled": "?"}, LATER)
    assert [(d.number, d.kind) for d in station.decisions] == [("3", "departed")]
    station.every_three_minutes("12:39", "12:42", row("1", "12:05", 31), LATER)
    station.every_three_minutes("12:45", "12:54", LATER)
    assert [(d.number, d.kind, d.delay) for d in station.decisions[1:]] == [("1", "departed", 31)]


@pytest.mark.parametrize(
    ("unclear", "hides"),
    [
        ({}, {"1"}),
        ({"trainNumber": None}, {"1", "3"}),
        ({"train": None}, {"1"}),
        ({"scheduledDeparture": "?"}, {"1"}),
        ({"trainNumber": None, "train": None}, {"1", "3", "4"}),
        ({"trainNumber": None, "scheduledDeparture": "?"}, {"1", "3", "5"}),
        ({"trainNumber": None, "train": None, "scheduledDeparture": "?"}, {"1", "3", "4", "5"}),
    ],
)
def test_an_unreadable_row_hides_the_trains_that_it_may_be(unclear: dict[str, Any], hides: set[str]) -> None:
    """One and 3 are RE at 12:05, 4 is an ICE at 12:05, 5 an RE at 12:06; all vanish when the row appears."""
    station = Watched()
    trains = [row("1"), row("3"), row("4", train="ICE 4"), row("5", "12:06")]
    station.every_three_minutes("12:00", "12:03", *trains, LATER)
    station.every_three_minutes("12:07", "12:31", row("1", delay="?") | unclear, LATER)  # type: ignore[arg-type]
    assert {"1", "3", "4", "5"} - {d.number for d in station.decisions} == hides


def test_rows_of_which_nothing_is_known_hide_those_that_vanish_with_their_first_board() -> None:
    """More of them on a later board may be a train again; as many as before are none."""
    station = Watched()
    nothing: dict[str, Any] = {"odd": 1}
    station.every_three_minutes("12:00", "12:03", row("1", "12:05"), row("2", "12:09"), row("3", "12:30"), LATER)
    station.board("12:06", nothing, row("2", "12:09"), row("3", "12:30"), LATER)
    station.every_three_minutes("12:10", "12:28", nothing, row("3", "12:30"), LATER)
    assert [d.number for d in station.decisions] == ["2"]
    station.every_three_minutes("12:31", "12:49", nothing, nothing, LATER)
    assert [d.number for d in station.decisions] == ["2"]


def test_a_row_is_reported_once_for_each_train_and_reason_and_by_itself() -> None:
    station = Watched()
    odd = [row("1", "13:00", isCancelled="?"), row("3", "13:00", isCancelled="?"), LATER]
    station.every_three_minutes("12:00", "12:30", *odd)
    assert len(station.refused) == 2
    station.every_three_minutes("12:33", "12:39", LATER, odd[0] | {"isCancelled": []}, odd[1])
    assert len(station.refused) == 3
    letter = next(o for o in station.outputs if isinstance(o, RejectedBoard))
    step = StationStep([letter], at("12:00"), ReceivedBoard(body(*odd), 3, 7))
    assert msgspec.json.decode(dead_letter(letter, step, HERE, "boards").body) == odd[0]


def test_the_next_day_reports_the_row_of_the_next_run_again() -> None:
    station = Watched()
    for day in ("2026-03-10", "2026-03-11"):
        for minute in range(0, 30, 3):
            station.board(f"{day}T12:{minute:02}", row("1", "13:00", isCancelled="?"), LATER)
    assert len(station.refused) == 2


def test_the_state_remembers_unreadable_rows_for_a_while_and_not_without_bound() -> None:
    station = Watched()
    for start in range(0, 4000, 800):
        station.board(
            "12:00" if not start else f"12:{start // 100:02}", *({"train": f"A{n}"} for n in range(start, start + 800))
        )
    assert len(station.station.unreadable) == 1000
    station.board("2026-03-11T12:00", row("1", "13:00"))
    assert not station.station.unreadable


def test_the_state_does_not_grow_with_reasons_that_change_from_board_to_board() -> None:
    station = Watched()
    for minute in range(50):
        station.board(f"12:{minute:02}", row("1", f"99:{minute:02}"), LATER)
    assert len(station.refused) == 50
    assert [len(kept.reasons) for kept in station.station.unreadable.values()] == [20]


def test_a_state_of_an_older_version_is_read() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:03", row("1", "12:05"))
    stored = msgspec.json.decode(msgspec.json.encode(station.station))
    older = stored[: StationState.__struct_fields__.index("unreadable")]
    read = msgspec.json.decode(msgspec.json.encode(older), type=StationState)
    assert (list(read.entries), read.unreadable) == (list(station.station.entries), {})


ODD = st.sampled_from(
    [None, True, 7, 2.5, -(10**30), "", " ", "24:00", "12:61", "five", "x" * 300, [], [[]], {}, {"a": 1}]
)
FIELDS = st.sampled_from(sorted(row()))


# Its train leaves on that board, and boards go on to show what has left.
@example(seeds=[986, 100, 101], field="delayArrival", odd=True, since=4, boards=1, past=True)
@settings(max_examples=thorough(120), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.integers(100, 5_000), min_size=3, max_size=7, unique=True),
    FIELDS,
    ODD,
    st.integers(0, 100),
    st.integers(1, 100),
    st.booleans(),
)
def test_whatever_is_odd_in_one_row_the_other_trains_are_decided_as_without_it(
    seeds: list[int], field: str, odd: object, since: int, boards: int, past: bool
) -> None:
    """The first train's row has an odd value from one board on, for a while; one of its values at a time."""
    victim, *others = map(Train, seeds)
    found = []
    for changed in (False, True):
        station = Watched()
        for place, minute in enumerate(range(0, 240, 4)):
            rows = [shown for train in others if (shown := train.row(minute, past=past))]
            shown = victim.row(minute, past=past)
            if changed and shown is not None and since <= place < since + boards:
                shown |= {field: odd}
            time = berlin_time.datetime_of(Milliseconds(START + minute * MINUTE)).isoformat()
            station.board(time, *rows, *([shown] if shown else []), LATER | {"scheduledDeparture": "03:59"})
        found.append(station)
    # Where a board has few trains, a single row can say that the feed is dead or the board an old one: then so can the
    # lack of a row that cannot be read.
    assume(all(reason.startswith("row ") for station in found for reason in station.refused))
    good, bad = ([d for d in station.decisions if d.number in {one.number for one in others}] for station in found)
    assert bad == good
    assert max(Counter(found[1].refused).values(), default=1) == 1
