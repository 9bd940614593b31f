"""A run is followed from its first station to its last, and every departure gets exactly one ending."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.railway import START, decision, planned
from tests.runs.followers import UNKNOWN, follow_all
from zielzeit import berlin_time
from zielzeit.decision.planned_stop import PlannedStop, encode
from zielzeit.events.structs import Decision
from zielzeit.runs import journeys
from zielzeit.runs.group_keys import group_keys
from zielzeit.runs.messages import CancelledStop, Departure, Ending, Message
from zielzeit.runs.run_process import RunProcess
from zielzeit.runs.train_state import TrainState

DAY = timedelta(days=1)
TRAIN = "RE 4711"
START_MILLISECONDS = berlin_time.milliseconds(START)


def run(decisions: Iterable[Decision | PlannedStop], *, restarting: bool = False) -> list[Message]:
    """Messages of decisions in order of event time, with time passing to the end."""
    return [message for _, _, message in follow_all(decisions, restarting=restarting)]


def departures(messages: Iterable[Message]) -> list[Departure]:
    return [message for message in messages if isinstance(message, Departure)]


def endings(messages: Iterable[Message]) -> list[Ending]:
    return [message for message in messages if isinstance(message, Ending)]


def journey(**arrival: object) -> list[Decision]:
    return [
        decision("A", 0, delay=2),
        decision("B", 20, delay=5),
        decision("C", 40, delay=4),
        decision("D", 60, **{"kind": "terminated", "delay": 3, **arrival}),  # type: ignore[arg-type]
    ]


def test_a_runs_departures_end_together_with_the_delay_at_the_destination() -> None:
    messages = run(journey())
    assert [departure.seen.station for departure in departures(messages)] == ["A", "B", "C"]
    (ending,) = endings(messages)
    assert (ending.status, ending.delay, ending.last_hop_minutes) == ("arrived", 3, 20.0)
    assert [departure.seen.station for departure in ending.departures] == ["A", "B", "C"]


def test_a_departure_knows_the_delays_before_it_and_the_way_from_the_last_stop() -> None:
    third = departures(run(journey()))[2].seen
    assert third.earlier_delays == (2, 5)
    assert (third.previous_station, third.previous_minutes) == ("B", 20.0)


def test_the_horizon_comes_from_the_destinations_board_once_it_shows_the_train() -> None:
    first = planned("D", 60, decided_at=START)
    assert departures(run([first, *journey()]))[0].seen.horizon == 60.0


def test_the_horizon_is_unknown_on_the_first_day_and_yesterdays_on_the_next() -> None:
    tomorrow = [decision("A", 0, start=START + DAY), decision("D", 60, start=START + DAY, kind="terminated")]
    first, *_, last = departures(run([*journey(), *tomorrow]))
    assert first.seen.horizon != first.seen.horizon
    assert last.seen.horizon == 60.0


def test_a_correction_of_the_arrival_becomes_the_label() -> None:
    corrected = decision("D", 60, kind="corrected", delay=47, decided_at=START + timedelta(minutes=90))
    (ending,) = endings(run([*journey(), corrected]))
    assert ending.delay == 47


def test_a_cancelled_destination_ends_the_run_as_cancelled() -> None:
    (ending,) = endings(run(journey(kind="cancelled")))
    assert (ending.status, ending.delay) == ("cancelled", None)


def test_a_run_that_ends_before_its_destination_did_not_reach_it() -> None:
    short = [
        decision("A", 0),
        decision("B", 20, kind="terminated", ends_here=True, route_ahead=(), destination="B"),
    ]
    (ending,) = endings(run(short))
    assert ending.status == "cancelled"


def test_a_run_that_nobody_saw_arrive_is_unlabelled_after_a_deadline() -> None:
    (ending,) = endings(run(journey()[:3]))
    assert (ending.status, len(ending.departures)) == ("unlabelled", 3)


def test_a_departure_decided_after_the_label_gets_the_same_label() -> None:
    late = decision("C", 40, delay=9, decided_at=START + timedelta(hours=4))
    found = endings(run([*journey()[:2], journey()[3], late]))
    assert [(ending.status, ending.delay, len(ending.departures)) for ending in found] == [
        ("arrived", 3, 2),
        ("arrived", 3, 1),
    ]


def test_a_cancelled_stop_on_the_way_is_told_and_ends_nothing() -> None:
    messages = run([decision("A", 0), decision("B", 20, kind="cancelled", delay=None), journey()[3]])
    assert [message.station for message in messages if isinstance(message, CancelledStop)] == ["B"]
    assert [ending.status for ending in endings(messages)] == ["arrived"]


def test_the_same_number_a_day_later_is_another_run() -> None:
    second = [decision(one.station, minute, start=START + DAY, kind=one.kind, delay=1)
              for one, minute in zip(journey(), (0, 20, 40, 60), strict=True)]  # fmt: skip
    found = endings(run([*journey(), *second]))
    assert [(ending.delay, len(ending.departures)) for ending in found] == [(3, 3), (1, 3)]


def test_two_trains_of_one_number_at_the_same_time_on_other_routes_are_two_runs() -> None:
    route = ("W", "X", "Y", "Z")
    other = [decision("W", 5, route=route), decision("Z", 50, route=route, kind="terminated", delay=20)]
    found = endings(run([*journey(), *other]))
    assert {(ending.delay, len(ending.departures)) for ending in found} == {(3, 3), (20, 1)}


def test_a_ring_line_ends_where_it_began() -> None:
    ring = ("S", "T", "U", "S")
    first = decision("S", 0, route=ring, starts_here=True, ends_here=False, route_ahead=("T", "U", "S"))
    second = decision("T", 20, route=ring, delay=2)
    last = decision("S", 60, route=ring, kind="terminated", starts_here=False, ends_here=True, delay=6)
    last = msgspec.structs.replace(last, route_behind=ring[:-1], route_ahead=())
    (ending,) = endings(run([first, second, last]))
    assert (ending.status, ending.delay, len(ending.departures)) == ("arrived", 6, 2)


def test_a_run_across_midnight_is_one_run() -> None:
    start = START.replace(hour=23, minute=30)
    night = [decision(one.station, minute, start=start, kind=one.kind, delay=one.delay)
             for one, minute in zip(journey(), (0, 20, 40, 60), strict=True)]  # fmt: skip
    (ending,) = endings(run(night))
    assert len(ending.departures) == 3


def test_a_run_that_is_renumbered_on_its_way_is_given_up_under_the_old_number_and_followed_under_the_new_one() -> None:
    # Boards carry no trip id, and a run is followed by its category and number: each number is a train of its own.
    old, new = journey()[:2], [msgspec.structs.replace(one, number="4712") for one in journey()[2:]]
    (given_up,) = endings(run(old))
    assert (given_up.status, [one.seen.station for one in given_up.departures]) == ("unlabelled", ["A", "B"])
    (arrived,) = endings(run(new))
    assert (arrived.status, arrived.delay, [one.seen.station for one in arrived.departures]) == ("arrived", 3, ["C"])


@pytest.mark.parametrize("ride", [241, 345, 600, 16 * 60])
def test_two_stations_of_one_route_hours_apart_see_one_run(ride: int) -> None:
    # Nothing between is polled; the destination's board shows the train three hours before it arrives.
    there = decision("D", ride, kind="terminated", delay=9)
    shown = planned("D", ride, decided_at=START + timedelta(minutes=ride - 180))
    (ending,) = endings(run([decision("A", 0, delay=2), shown, there]))
    assert (ending.status, ending.delay, [one.seen.station for one in ending.departures]) == ("arrived", 9, ["A"])


@pytest.mark.parametrize(
    "changes",
    [
        {"route_behind": ("X", "Y")},  # another route
        {"route_behind": ("A", "Y"), "destination": "Z", "ends_here": False},  # another way to another end
        {"route_behind": ("B", "C"), "starts_here": True},  # not from there
    ],
)
def test_trains_of_one_number_hours_apart_that_share_no_route_are_two_runs(changes: dict[str, Any]) -> None:
    there = decision("D", 345, kind="terminated", delay=9, **changes)
    assert [one.status for one in endings(run([decision("A", 0, delay=2), there]))] == ["unlabelled"]


def relief() -> list[Decision]:
    """The journey an hour later, under the same number, everywhere a minute late."""
    return [
        decision(one.station, minute, start=START + timedelta(hours=1), kind=one.kind, delay=1)
        for one, minute in zip(journey(), (0, 20, 40, 60), strict=True)
    ]


def test_a_relief_train_of_the_same_number_on_the_same_route_is_a_run_of_its_own() -> None:
    found = endings(run([*journey(), *relief()]))
    assert [(ending.delay, [one.seen.delay for one in ending.departures]) for ending in found] == [
        (3, [2, 5, 4]),
        (1, [1, 1, 1]),
    ]


def test_a_relief_train_close_behind_is_told_apart_where_it_is_first_seen_later() -> None:
    close = [
        msgspec.structs.replace(one, scheduled=one.scheduled - timedelta(minutes=42), id=one.id + " relief")
        for one in relief()
    ]  # leaves A before the first one leaves B
    found = endings(run([*journey(), *close]))
    assert {(ending.delay, tuple(one.seen.delay for one in ending.departures)) for ending in found} == {
        (3, (2, 5, 4)),
        (1, (1, 1, 1)),
    }


def test_a_correction_belongs_to_the_train_that_left_at_that_time() -> None:
    corrected = decision("D", 60, kind="corrected", delay=9, decided_at=START + timedelta(minutes=85))
    found = endings(run([*journey(), *relief(), corrected]))
    assert [ending.delay for ending in found] == [9, 1]


def test_the_run_began_at_its_first_station_whenever_that_was_decided() -> None:
    late = msgspec.structs.replace(journey()[0], decided_at=START + timedelta(minutes=70))
    (ending,) = endings(run([*journey()[1:], late]))
    assert ending.first_planned == berlin_time.milliseconds(START) // 60_000


def test_nothing_is_left_of_a_train_that_runs_no_more() -> None:
    trains: dict[str, TrainState] = {}
    follow_all(journey(), trains=trains)
    assert trains == {}


def test_planned_minutes_are_remembered_for_six_weeks_after_the_last_arrival() -> None:
    def horizon(days: int) -> float:
        (asked,) = departures(run([*journey(), decision("A", 0, start=START + days * DAY)]))[3:]
        return asked.seen.horizon

    assert horizon(42) == 60.0
    assert math.isnan(horizon(43))


def test_a_daily_train_has_one_timer_at_a_time_and_forgets_six_weeks_after_its_last_day() -> None:
    trains: dict[str, TrainState] = {}
    timers = set()
    process = RunProcess(trains, {}, group_keys(UNKNOWN))

    def let_pass(until: int) -> None:
        while due := [at for at in timers if at <= until]:
            timers.discard(min(due))
            timers.add(process.on_time(min(due)).register)
            timers.discard(None)

    for day in range(100):
        for one in journey():
            known = one.decided_at + day * DAY
            moved = msgspec.structs.replace(one, scheduled=one.scheduled + day * DAY, decided_at=known)
            let_pass(berlin_time.milliseconds(known) - 1)
            timers.add(process.on_decision(TRAIN, berlin_time.milliseconds(known), encode(moved)))
        let_pass(berlin_time.milliseconds(START + day * DAY + timedelta(hours=23)))
        assert len(timers) <= 2, "the run's, and the journeys'"
        assert len(trains[TRAIN].journeys) == 3
    last = berlin_time.milliseconds(START + 99 * DAY)
    let_pass(last + journeys.KEPT)
    assert trains[TRAIN].journeys
    let_pass(last + journeys.KEPT + 24 * 60 * 60_000)
    assert (trains, timers) == ({}, set())


def test_of_too_many_journeys_the_one_learnt_longest_ago_is_forgotten() -> None:
    train = TrainState()
    for number in (*range(150), 0, *range(150, 250)):
        journeys.learn(train, str(number), 10, START_MILLISECONDS)
    assert len(train.journeys) == 200
    assert "0" in train.journeys
    assert not {str(number) for number in range(1, 51)} & train.journeys.keys()


@settings(deadline=None)
@given(st.permutations(journey()), st.booleans(), st.sets(st.sampled_from(["A", "B", "C", "D"])))
def test_every_departure_has_exactly_one_ending_in_any_order_and_across_restarts(
    order: list[Decision], restart: bool, missing: set[str]
) -> None:
    seen = [one for one in order if one.station not in missing]
    known = [
        msgspec.structs.replace(one, decided_at=START + timedelta(minutes=80 + index)) for index, one in enumerate(seen)
    ]
    messages = run(known, restarting=restart)
    left = Counter(departure.id for departure in departures(messages))
    ended = Counter(departure.id for ending in endings(messages) for departure in ending.departures)
    assert left == ended == Counter(one.id for one in seen if one.kind == "departed")
