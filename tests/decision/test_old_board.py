"""Caches answer with the past: nothing is decided from a board that was made before its trains left."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decision.handmade import Watched, body, row
from tests.decision.scenarios import START
from tests.decision.stream import Arrival
from tests.decision.test_properties import many, run
from zielzeit.berlin_time import MINUTE, datetime_of
from zielzeit.events.structs import Decision

FIRST = row("1", "12:00")
LATER = row("9", "14:50")


def trains(*minutes: int) -> list[dict[str, Any]]:
    """Trains planned at minutes after twelve, two minutes late."""
    return [row(str(minute), f"12:{minute}", 2) for minute in minutes]


def default_station() -> Watched:
    """A station whose default boards have dropped a train."""
    station = Watched()
    station.every_three_minutes("11:51", "12:00", FIRST, *trains(10, 20, 30), LATER)
    station.every_three_minutes("12:03", "12:06", *trains(10, 20, 30), LATER)
    return station


def test_a_default_board_that_shows_a_train_minutes_after_it_left_is_an_old_one() -> None:
    station = default_station()
    frozen = body(*trains(10, 20, 30), LATER)
    for minute in range(9, 57, 3):
        station.bytes(f"12:{minute:02}", frozen)
    assert [d.number for d in station.decisions if d.number != "1"] == []
    assert "left 6 minutes ago, and goes back 4" in station.refused[0]
    station.every_three_minutes("12:57", "13:12", row("10", "12:10", 60), LATER)
    station.every_three_minutes("13:15", "13:24", LATER)
    assert [(d.kind, d.number, d.delay) for d in station.decisions if d.kind == "departed"] == [
        ("departed", "1", 0),
        ("departed", "20", 2),
        ("departed", "30", 2),
        ("departed", "10", 60),
    ]


def test_an_old_board_stays_doubted_until_it_changes_however_long() -> None:
    station = default_station()
    frozen = body(*trains(10, 20, 30), LATER)
    for minute in range(9, 180, 3):
        station.bytes(f"{12 + minute // 60}:{minute % 60:02}", frozen)
    assert {(d.kind, d.number) for d in station.decisions} == {
        ("departed", "1"),
        *(("undecided", number) for number in ("10", "20", "30")),
    }


def test_a_board_with_the_past_shows_no_train_that_left_more_than_65_minutes_ago() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:57", FIRST, row("2", "12:56", 3), LATER)
    for time in ("13:06", "13:09", "13:12"):
        station.board(time, FIRST, row("2", "12:56", 3), LATER)
    assert station.kinds() == ["departed"]
    assert "left 66 minutes ago, and goes back 65" in station.refused[0]
    station.every_three_minutes("13:15", "13:18", row("2", "12:56", 14), LATER)
    assert [(d.number, d.delay) for d in station.decisions] == [("1", 0), ("2", 14)]


def test_a_body_that_stays_the_same_while_two_trains_should_leave_is_doubted_until_it_changes() -> None:
    station = Watched()
    station.every_three_minutes("11:57", "12:09", row("0", "11:55"), *trains(10, 11, 12), LATER)
    frozen = body(row("0", "11:55"), *trains(10, 11, 12), LATER)
    for minute in range(12, 45, 3):
        station.bytes(f"12:{minute}", frozen)
    assert [d.number for d in station.decisions] == ["0"]
    assert "the same to the byte for 9 minutes" in station.refused[0]
    assert len(station.refused) == 8
    station.board("12:45", row("0", "11:55"), row("10", "12:10", 2), row("11", "12:11", 40), row("12", "12:12", 45))
    assert [(d.number, d.delay) for d in station.decisions] == [("0", 0), ("10", 2)]


@pytest.mark.parametrize("caches", [2, 3, 4])
def test_caches_that_have_frozen_and_answer_in_turn_are_doubted_until_a_body_is_new(caches: int) -> None:
    station = default_station()
    frozen = [body(*trains(10, 20, 30), row("9", "14:50", number)) for number in range(caches)]
    for minute in range(9, 120, 3):
        station.bytes(f"{12 + minute // 60}:{minute % 60:02}", frozen[minute // 3 % caches])
    assert {(d.kind, d.number) for d in station.decisions} == {
        ("departed", "1"),
        *(("undecided", number) for number in ("10", "20", "30")),
    }


def test_one_train_without_news_is_no_reason_for_doubt() -> None:
    station, living = Watched(), body(row("10", "12:10", 2), row("9", "12:50"))
    for minute in range(0, 24, 3):
        station.bytes(f"12:{minute:02}", living)
    assert [(d.kind, d.number) for d in station.decisions] == [("departed", "10")]


def test_the_parts_of_one_train_count_as_one() -> None:
    parts = [row("10", "12:10", 2) | {"destination": end} for end in ("Bayern", "Tegern")]
    station, living = Watched(), body(*parts, row("9", "12:50"))
    for minute in range(0, 24, 3):
        station.bytes(f"12:{minute:02}", living)
    assert [d.kind for d in station.decisions] == ["departed", "departed"]


def test_a_station_that_is_polled_with_the_past_from_now_on_is_believed() -> None:
    station = default_station()
    station.every_three_minutes("12:09", "12:48", FIRST, *trains(10, 20, 30), LATER)
    assert [d.number for d in station.decisions if d.kind == "departed"] == ["1", "10", "20", "30"]


class _Late(NamedTuple):
    planned: int
    delay: int


@many
@given(
    st.lists(st.builds(_Late, st.integers(0, 160), st.integers(10, 60)), min_size=3, max_size=9, unique=True),
    st.integers(5, 100),
    st.integers(5, 100),
    st.integers(1, 5),
    st.booleans(),
)
def test_at_most_two_trains_depart_before_a_frozen_board_gives_itself_away(
    late: list[_Late], freezes: int, lasts: int, every: int, past: bool
) -> None:
    """The delays become known after the board has frozen: until then all trains are punctual."""

    def shown(minute: int) -> bytes:
        rows = []
        for number, train in enumerate(sorted(late)):
            delay = train.delay if minute > freezes else 0
            if train.planned - 180 < minute and train.planned + delay >= minute - (60 if past else 0):
                clock = datetime_of(START + train.planned * MINUTE).strftime("%H:%M")
                rows.append((train.planned + delay, row(str(number), clock, delay)))
        return body(*(shown for _, shown in sorted(rows, key=lambda pair: pair[0])), row("99", "01:45", minute % 2))

    boards = [
        Arrival("A", START + minute * MINUTE, shown(freezes if freezes <= minute < freezes + lasts else minute))
        for minute in range(0, 190, every)
    ]
    too_early = 0
    for decision in [one for one in run(boards).outputs if isinstance(one, Decision) and one.kind == "departed"]:
        if decision.number != "99":
            train = sorted(late)[int(decision.number)]
            begun = START + freezes * MINUTE
            leaves = START + (train.planned + train.delay) * MINUTE
            too_early += train.planned > freezes and decision.decided_at < datetime_of(max(begun, leaves))
    assert too_early <= 2
