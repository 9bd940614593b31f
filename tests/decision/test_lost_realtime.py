"""A station's parts have a change feed each, and one can fail alone: late trains do not leave because of that."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tests.decision.handmade import THROUGH, Watched, body, row
from tests.decision.scenarios import START
from tests.decision.stream import Arrival
from tests.decision.test_properties import many, run
from zielzeit.berlin_time import MINUTE, datetime_of
from zielzeit.events.structs import Decision

LATER = row("9", "14:50", 4)
"""A train of the part whose feed goes on."""
EXPRESS = row("97", "12:05", 97)


def dead(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the part whose feed has failed."""
    return [r | {"delayDeparture": 0, "isCancelled": 0, "missingRealtime": True} for r in rows]


def test_a_late_train_whose_part_has_lost_its_feed_is_awaited() -> None:
    """The default board drops it, because it takes it for punctual; another part's delay goes on."""
    station = Watched()
    station.every_three_minutes("12:00", "13:03", EXPRESS, LATER)
    station.every_three_minutes("13:06", "13:18", LATER)
    assert not station.decisions
    station.every_three_minutes("13:21", "13:42", EXPRESS, LATER)
    station.every_three_minutes("13:45", "13:54", LATER)
    assert [(d.number, d.delay) for d in station.decisions] == [("97", 97)]


def test_trains_that_lose_their_delays_together_are_lost_until_their_feed_is_back() -> None:
    station, coming = Watched(), row("20", "13:30", 20)
    station.every_three_minutes("12:00", "13:03", EXPRESS, coming, LATER)
    station.every_three_minutes("13:06", "13:30", *dead(coming), LATER)
    station.every_three_minutes("13:33", "14:06", LATER)
    assert not station.decisions, "the express may be even later, and the other one was never seen to leave"
    station.every_three_minutes("14:09", "14:18", row("97", "12:05", 125), row("20", "13:30", 44), LATER)
    station.every_three_minutes("14:21", "14:33", LATER)
    assert {(d.kind, d.number, d.delay) for d in station.decisions} == {("departed", "97", 125), ("departed", "20", 44)}


def test_a_lost_train_that_is_gone_when_the_feed_is_back_has_departed() -> None:
    station, coming = Watched(), row("20", "14:10", 20)
    station.every_three_minutes("12:00", "13:36", EXPRESS, coming, LATER)
    station.every_three_minutes("13:39", "13:51", *dead(coming), LATER)
    station.every_three_minutes("13:54", "14:00", coming, LATER)
    assert [(d.kind, d.number, d.delay) for d in station.decisions] == [("departed", "97", 97)]


def test_a_lost_train_of_which_nothing_is_heard_any_more_is_undecided() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:33", EXPRESS, row("40", "12:20", 40), LATER)
    station.every_three_minutes("12:36", "14:48", LATER)
    assert {(d.kind, d.number) for d in station.decisions} == {("undecided", "97"), ("undecided", "40")}


def test_with_the_past_a_lost_train_waits_for_its_feed() -> None:
    station, late = Watched(), (row("1", "12:10", 15), row("2", "12:12", 25))
    station.every_three_minutes("12:00", "12:18", *late, LATER)
    station.every_three_minutes("12:21", "12:48", *dead(*late), LATER)
    assert not station.decisions
    station.every_three_minutes("12:51", "13:06", row("1", "12:10", 22), row("2", "12:12", 40), LATER)
    assert [(d.number, d.delay) for d in station.decisions] == [("1", 22), ("2", 40)]


def test_a_train_that_has_real_time_data_and_is_punctual_again_has_lost_nothing() -> None:
    station, late = Watched(), (row("1", "12:10", 15), row("2", "12:12", 25))
    through = {"arrival": "12:15", "route": THROUGH}
    station.every_three_minutes("12:00", "12:18", *late, row("3", "12:16", 8, **through), LATER)  # type: ignore[arg-type]
    station.every_three_minutes("12:21", "12:39", *dead(*late), row("3", "12:16", 0, **through), LATER)  # type: ignore[arg-type]
    assert [(d.number, d.delay) for d in station.decisions] == [("3", 0)]


class _Late(NamedTuple):
    part: int
    planned: int
    delay: int


LATE_TRAINS = st.lists(st.builds(_Late, st.integers(0, 1), st.integers(0, 100), st.integers(0, 90)), max_size=8)


@many
@given(LATE_TRAINS, st.integers(30, 90), st.integers(1, 80), st.integers(1, 5), st.booleans())
def test_no_train_departs_before_it_leaves_because_half_the_feed_is_dead(
    trains: list[_Late], fails: int, lasts: int, every: int, past: bool
) -> None:
    """Each train's delay is known from the beginning, so that only the dead feed of one part can mislead."""

    def shown(minute: int) -> bytes:
        rows = []
        for number, train in enumerate(trains):
            fed = train.part == 0 or not fails <= minute < fails + lasts
            delay = train.delay if fed else 0
            if train.planned - 180 < minute and train.planned + delay >= minute - (60 if past else 0):
                clock = datetime_of(START + train.planned * MINUTE).strftime("%H:%M")
                missing = not fed and train.planned - 45 < minute
                rows.append(row(str(number), clock, delay, realtime=not missing))
        return body(*rows, row("9", "01:29", 4))

    boards = [Arrival("A", START + minute * MINUTE, shown(minute)) for minute in range(0, 178, every)]
    for decision in [one for one in run(boards).outputs if isinstance(one, Decision) and one.number != "9"]:
        train = trains[int(decision.number)]
        if decision.kind == "departed":
            assert decision.delay == train.delay
            assert decision.decided_at >= datetime_of(START + (train.planned + train.delay) * MINUTE)
        else:
            assert decision.kind in ("undecided", "late")


def test_a_delay_of_null_means_that_it_is_not_known() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:09", row("1", "12:05", 12), LATER)
    station.every_three_minutes("12:12", "12:30", row("1", "12:05", None), LATER)
    assert [(d.number, d.delay) for d in station.decisions] == [("1", 12)]
