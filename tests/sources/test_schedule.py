"""The schedule keeps the rules whatever the server answers; time is a number here."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zielzeit.sources.plan import Plan, make_plan
from zielzeit.sources.schedule import RoundEnd, Schedule

OWN = "http://127.0.0.1:1"
PUBLIC = "https://dbf.finalrewind.org"


class Replies:
    """Runs a schedule against a server that answers after ``seconds`` and says whether a retry may help."""

    def __init__(self, plan: Plan, *, seconds: float = 0.1, jitter: float = 1.0, wall: float = 0.0) -> None:
        self.now = 0.0
        self.schedule = Schedule(plan, self.now, wall, lambda low, high: low + (high - low) * jitter)
        self.asked: dict[str, list[float]] = defaultdict(list)
        self._seconds = seconds
        self._under_way: list[tuple[float, str]] = []

    def run(
        self,
        until: float,
        failing: frozenset[str] = frozenset(),
        pause: float | None = None,
        refused: frozenset[str] = frozenset(),
    ) -> None:
        """Go on until the time is reached.

        A retry may help ``failing`` stations, unless the server asks for a ``pause`` then. ``refused`` ones get none.
        """
        while True:
            answered = min(self._under_way, default=(float("inf"), ""))
            asked = self.now + self.schedule.wait_seconds(self.now)
            if min(answered[0], asked) > until:
                return
            self.now = max(self.now, min(answered[0], asked))
            if answered[0] <= asked:
                self._under_way.remove(answered)
                station = answered[1]
                if station in failing and pause:
                    self.schedule.done(station, self.now, RoundEnd.FAILED)
                    self.schedule.pause(self.now, pause)
                elif station not in failing or not self.schedule.repeat(station, self.now):
                    end = RoundEnd.FAILED if station in failing else RoundEnd.GOOD
                    self.schedule.done(station, self.now, RoundEnd.REFUSED if station in refused else end)
            elif (station := self.schedule.take(self.now) or "") != "":
                self.asked[station].append(self.now)
                self._under_way.append((self.now + self._seconds, station))

    @property
    def all_asked(self) -> list[float]:
        """Times of all requests."""
        return sorted(time for times in self.asked.values() for time in times)


def test_stations_are_spread_over_the_interval() -> None:
    replies = Replies(make_plan(OWN, ["A", "B", "C", "D"], interval_seconds=60))
    replies.run(until=125)
    assert replies.asked == {
        "A": [0, 60, 120],
        "B": [15, 75],
        "C": [30, 90],
        "D": [45, 105],
    }


def test_the_station_whose_turn_it_is_comes_first_after_a_start() -> None:
    replies = Replies(make_plan(OWN, ["A", "B", "C", "D"], interval_seconds=60), wall=6_000_000_020)
    replies.run(until=64)
    assert replies.asked == {"C": [0, 60], "D": [15], "A": [30], "B": [45]}


@pytest.mark.parametrize("stations", [["A"], ["A", "B", "C"], [*"ABCDEFGHIJ"]])
@given(lives=st.lists(st.floats(0.1, 90), min_size=1, max_size=60), start=st.floats(0, 2e9))
def test_no_row_of_restarts_asks_a_station_of_the_public_instance_too_often(
    stations: list[str], lives: list[float], start: float
) -> None:
    plan = make_plan(PUBLIC, stations, interval_seconds=60)
    asked: dict[str, list[float]] = defaultdict(list)
    wall = start
    for life in lives:
        replies = Replies(plan, wall=wall)
        replies.run(until=life - 0.001)
        for station, times in replies.asked.items():
            asked[station] += [wall + time for time in times]
        wall += life
    for times in asked.values():
        # A station may be a little late in its place, where a reply of the round before was.
        assert all(later - earlier >= plan.interval_seconds - 1 for earlier, later in pairwise(times))
    every = sorted(time for times in asked.values() for time in times)
    assert all(later - earlier >= 60 / len(stations) - 1 for earlier, later in pairwise(every))


@given(st.lists(st.floats(0, 0.05), min_size=400, max_size=400))
def test_a_row_of_crashes_asks_every_station_of_an_own_instance_alike(lives: list[float]) -> None:
    plan = make_plan(OWN, ["A", "B", "C", "D"], interval_seconds=4)
    asked: dict[str, int] = defaultdict(int)
    wall = 1.8e9
    for life in lives:
        replies = Replies(plan, wall=wall)
        replies.run(until=life)
        for station, times in replies.asked.items():
            asked[station] += len(times)
        wall += 0.01
    assert max(asked.values()) <= 2 * min(asked.values())


def test_a_failing_station_is_asked_four_times_a_round_with_growing_pauses_and_delays_no_other() -> None:
    replies = Replies(make_plan(OWN, ["A", "B"], interval_seconds=60), seconds=0)
    replies.run(until=119, failing=frozenset({"A"}))
    assert replies.asked == {"A": [0, 1, 3, 7, 60, 61, 63, 67], "B": [30, 90]}


def test_no_retry_reaches_into_the_next_round() -> None:
    replies = Replies(make_plan(OWN, ["A"], interval_seconds=20), seconds=6)
    replies.run(until=41, failing=frozenset({"A"}))
    assert replies.asked["A"] == [0, 7, 15, 40]


def test_rounds_that_pass_while_a_station_answers_are_skipped() -> None:
    replies = Replies(make_plan(OWN, ["A"], interval_seconds=10), seconds=35)
    replies.run(until=79)
    assert replies.asked["A"] == [0, 40]
    assert replies.schedule.skipped == 6


def test_a_pause_that_one_station_gets_holds_for_all() -> None:
    replies = Replies(make_plan(OWN, ["A", "B", "C"], interval_seconds=6), seconds=0)
    replies.run(until=14.9, failing=frozenset("ABC"), pause=15)
    assert replies.asked == {"A": [0]}
    replies.run(until=44.9, failing=frozenset("ABC"), pause=15)
    assert replies.all_asked == [0, 15, 30]


def test_after_a_pause_one_station_is_asked_first_and_the_others_at_the_pace_of_the_plan() -> None:
    replies = Replies(make_plan(OWN, ["A", "B", "C"], interval_seconds=6), seconds=0.5)
    replies.run(until=1, failing=frozenset("A"), pause=20)
    replies.run(until=26)
    assert replies.all_asked[:4] == pytest.approx([0, 20.5, 22.5, 24.5])
    assert sorted(replies.asked) == ["A", "B", "C"]


def test_no_other_station_is_asked_before_the_first_reply_after_a_pause() -> None:
    replies = Replies(make_plan(OWN, ["A", "B", "C"], interval_seconds=6), seconds=0)
    replies.run(until=1, failing=frozenset("A"), pause=20)
    schedule = replies.schedule
    assert schedule.take(20) == "B"
    assert schedule.take(30) is None
    schedule.pause(30, 5)  # of a request that was sent before the first pause
    schedule.done("B", 31, RoundEnd.FAILED)
    assert schedule.take(34.9) is None
    assert schedule.take(35) is not None


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    schedule = Schedule(make_plan(OWN, ["A", "B"], interval_seconds=2), 0, 0)
    schedule.pause(0, 60)
    schedule.pause(1, 5)
    assert schedule.wait_seconds(10) == 50


def test_a_refused_station_backs_off_over_the_rounds_until_a_board_comes() -> None:
    replies = Replies(make_plan(OWN, ["A", "B"], interval_seconds=10), seconds=0)
    replies.run(until=799, refused=frozenset("A"))
    assert replies.asked["A"] == [0, 10, 30, 70, 150, 310, 470, 630, 790]
    assert len(replies.asked["B"]) == 80
    replies.run(until=961)
    assert replies.asked["A"][9:] == [950, 960]
    replies.run(until=1009, refused=frozenset("A"))
    assert replies.asked["A"][11:] == [970, 980, 1000]


def test_no_more_than_one_token_is_there_at_once() -> None:
    replies = Replies(make_plan(OWN, ["A", "B"], interval_seconds=60, per_minute=6), seconds=0)
    replies.run(until=600, failing=frozenset({"A", "B"}))
    assert len(replies.all_asked) >= 50
    assert min(later - earlier for earlier, later in pairwise(replies.all_asked)) >= 10


class Situation(NamedTuple):
    """Stations and how their server answers."""

    stations: int
    interval: float
    seconds: float
    jitter: float
    failing: set[int]
    pause: float | None
    refused: set[int]


@given(
    st.builds(
        Situation,
        st.integers(1, 40),
        st.floats(60, 600),
        st.floats(0, 200),
        st.floats(0, 1),
        st.sets(st.integers(0, 39)),
        st.none() | st.floats(0, 100),
        st.sets(st.integers(0, 39)),
    )
)
def test_the_public_rules_hold_whatever_happens(given: Situation) -> None:
    stations = [f"Station {number}" for number in range(given.stations)]
    plan = make_plan(PUBLIC, stations, interval_seconds=max(given.interval, given.stations * 6.0))
    replies = Replies(plan, seconds=given.seconds, jitter=given.jitter)
    failing = frozenset(f"Station {number}" for number in given.failing)
    replies.run(1500, failing, given.pause, frozenset(f"Station {number}" for number in given.refused))
    asked = replies.all_asked
    assert all(later - earlier > 60 for earlier, later in zip(asked, asked[10:], strict=False))
    for times in replies.asked.values():
        assert all(later - earlier >= 59.999 for earlier, later in pairwise(times))
    assert len(replies.asked) == given.stations or (given.pause and replies.asked.keys() & failing)
