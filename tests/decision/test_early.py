"""Departures that are told before they are decided: early, revised, retracted, and each record once."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.decision.arrivals import Arrivals
from tests.decision.handmade import clock_time, row
from tests.decision.scenarios import HERE, recordings
from tests.decision.stream import Arrival
from tests.thoroughness import thorough
from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE
from zielzeit.decision.early import REVISED_FROM, EarlyDeparture, decode_early, encode
from zielzeit.decision.rules import Rules

GRACE = 5
many = settings(max_examples=thorough(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def said(records: list[EarlyDeparture]) -> list[tuple[str, int, str, int | None]]:
    """Number, revision, stage and delay of records."""
    return [(one.shown.number, one.revision, one.stage, one.shown.delay) for one in records]


def test_a_row_is_told_once_its_departure_lies_the_minutes_back() -> None:
    station = Arrivals(minutes=3)
    assert station.board("12:00", row("1", "12:05", 2), row("2", "14:00")) == []
    assert station.board("12:09", row("1", "12:05", 2), row("2", "14:00")) == []
    (told,) = station.board("12:10", row("1", "12:05", 2), row("2", "14:00"))
    assert said([told]) == [("1", 0, "early", 2)]
    assert told.shown.id == "Musterstadt Hbf|RE 1|2026-03-10T12:05"
    assert clock_time(told.shown.decided_at) == "12:10"
    assert (told.waited, told.news, told.reason) == (3.0, "awaited", None)
    assert station.board("12:13", row("1", "12:05", 2), row("2", "14:00")) == []
    assert decode_early(encode(told)) == msgspec.convert(msgspec.to_builtins(told), EarlyDeparture)


def test_a_default_board_that_lacks_the_row_tells_at_once() -> None:
    station = Arrivals(minutes=3)
    for minute in ("12:00", "12:03", "12:06"):
        assert station.board(minute, row("1", "12:05", 2), row("2", "14:00")) == []
    (told,) = station.board("12:08", row("2", "14:00"))
    assert (*said([told])[0], told.news) == ("1", 0, "early", 2, "gone")
    assert said(station.board("12:11", row("2", "14:00"))) == []


def test_a_delay_that_is_first_shown_after_the_departure_is_posted_and_one_from_before_is_awaited() -> None:
    station = Arrivals(minutes=3)
    station.board("12:00", row("1", "12:05", 2), row("2", "12:05"))
    station.board("12:07", row("1", "12:05", 2), row("2", "12:05", 2))
    told = station.board("12:10", row("1", "12:05", 2), row("2", "12:05", 2))
    assert {one.shown.number: one.news for one in told} == {"1": "awaited", "2": "posted"}


def test_a_row_that_vanishes_before_its_time_is_not_told() -> None:
    station = Arrivals(minutes=3)
    station.board("12:00", row("1", "12:30"), row("2", "14:00"))
    assert station.board("12:03", row("2", "14:00")) == []
    assert station.board("12:25", row("2", "14:00")) == []


def test_a_board_that_is_not_believed_tells_nothing() -> None:
    station = Arrivals(minutes=3)
    trains = [row(str(number), f"13:{number}") for number in range(10, 20)]
    station.board("12:00", row("1", "12:05"), *trains)
    others = [row(f"9{number}", f"13:{number}") for number in range(10, 20)]
    assert station.board("12:09", *others) == []
    assert said(station.board("12:12", *trains)) == [("1", 0, "early", 0)]


def test_the_delay_shown_is_revised_when_it_moves_by_three_minutes() -> None:
    station = Arrivals(minutes=3)
    station.board("12:00", row("1", "12:05"))
    station.board("12:08", row("1", "12:05"))
    assert station.board("12:09", row("1", "12:05", 2)) == []
    assert said(station.board("12:12", row("1", "12:05", 3))) == [("1", 1, "revised", 3)]
    assert station.board("12:13", row("1", "12:05", 5)) == []
    (revised,) = station.board("12:15", row("1", "12:05", 6))
    assert (*said([revised])[0], revised.news) == ("1", 2, "revised", 6, "posted")
    assert said(station.records)[0] == ("1", 0, "early", 0)


def test_a_decided_departure_is_not_told_again() -> None:
    station = Arrivals(minutes=3)
    station.board("12:00", row("1", "12:05"))
    for minute in range(10, 50, 3):
        station.board(f"12:{minute}", row("1", "12:05", 0 if minute < 30 else 20))
    assert said(station.records) == [("1", 0, "early", 0)]
    assert [one.kind for one in station.decided] == ["departed", "corrected"]


def test_a_departure_that_is_decided_at_once_is_told_with_its_decision() -> None:
    """Boards come every quarter of an hour: by the first one after the departure the row has settled."""
    station = Arrivals(minutes=3)
    station.board("12:00", row("1", "12:05"))
    assert said(station.board("12:15", row("1", "12:05"))) == [("1", 0, "early", 0)]


def test_a_train_that_is_cancelled_after_all_is_retracted_once() -> None:
    station = Arrivals(minutes=3)
    station.board("12:00", row("1", "12:05"))
    station.board("12:08", row("1", "12:05"))
    for minute in range(11, 40, 3):
        station.board(f"12:{minute}", row("1", "12:05", cancelled=True))
    first, second = station.records
    assert said([first, second]) == [("1", 0, "early", 0), ("1", 1, "retracted", None)]
    assert second.reason == "cancelled"
    station.board("12:50", row("1", "12:05", 50))
    station.board("12:59", row("1", "12:05", 50))
    assert len(station.records) == 2


def test_a_train_without_news_is_retracted_as_undecided() -> None:
    station = Arrivals(minutes=3)
    station.board("12:00", row("1", "12:05"))
    station.board("12:08", row("1", "12:05"))
    assert station.until("13:00") == []
    station.until("13:10")
    assert [(one.stage, one.reason) for one in station.records] == [("early", None), ("retracted", "undecided")]


def test_a_train_that_ends_here_is_not_told() -> None:
    station = Arrivals(minutes=3)
    for minute in range(0, 40, 3):
        station.board(f"12:{minute:02}", row("1", None, arrival="12:05"))
    assert station.records == []


def arrive(boards: list[Arrival], minutes: int) -> Arrivals:
    station = Arrivals(minutes, grace=GRACE, name=HERE)
    for board in boards:
        station.arrive(board.polled_at, board.value)
    station.until("2026-03-12T12:00")
    return station


@many
@given(recordings(), st.integers(1, 4), st.randoms(use_true_random=False))
def test_each_id_and_revision_is_told_once_in_any_order(
    boards: list[Arrival], minutes: int, rng: random.Random
) -> None:
    shuffled = sorted(boards, key=lambda board: board.polled_at + rng.random() * (GRACE * MINUTE - 1))
    records = arrive(shuffled, minutes).records
    assert max(Counter((one.shown.id, one.revision) for one in records).values(), default=1) == 1
    for train in {one.shown.id for one in records}:
        stages = [one.stage for one in records if one.shown.id == train]
        assert [one.revision for one in records if one.shown.id == train] == list(range(len(stages)))
        assert stages[0] == "early"
        assert all(stage == "revised" for stage in stages[1:-1])


@many
@given(recordings(), st.integers(1, 4), st.randoms(use_true_random=False))
def test_early_records_change_no_decision(boards: list[Arrival], minutes: int, rng: random.Random) -> None:
    shuffled = sorted(boards, key=lambda board: board.polled_at + rng.random() * (GRACE * MINUTE - 1))
    told, untold = arrive(shuffled, minutes), arrive(boards, 0)
    assert as_text(told) == as_text(untold)


@many
@given(recordings(), st.integers(1, 4))
def test_each_decided_departure_was_told_by_then(boards: list[Arrival], minutes: int) -> None:
    station = arrive(boards, minutes)
    last = berlin_time.datetime_of(max((board.polled_at for board in boards), default=0))
    told = Counter(one.shown.number for one in station.records if not one.revision)
    departed = Counter(one.number for one in station.decided if one.kind == "departed" and one.decided_at <= last)
    assert not departed - told


@many
@given(recordings(), st.integers(1, 4))
def test_a_told_departure_is_revised_only_when_the_delay_has_moved(boards: list[Arrival], minutes: int) -> None:
    last: dict[str, int] = {}
    for one in arrive(boards, minutes).records:
        if one.stage == "revised":
            assert abs((one.shown.delay or 0) - last[one.shown.id]) >= REVISED_FROM
        last[one.shown.id] = one.shown.delay or 0


@pytest.mark.parametrize("settle", [5, 8])
def test_settling_longer_tells_the_same(settle: int) -> None:
    station = Arrivals(minutes=2, waiting=Rules(settle=settle))
    for minute in range(0, 30):
        station.board(f"12:{minute:02}", row("1", "12:05", 1))
    assert said(station.records) == [("1", 0, "early", 1)]
    assert clock_time(station.records[0].shown.decided_at) == "12:08"


def as_text(station: Arrivals) -> list[bytes]:
    return sorted(map(msgspec.json.encode, station.decided))
