"""What is said of a run's end was said by a board, and whichever way its stations are spelled."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.railway import ROUTE, START, decision, planned
from tests.runs.followers import follow_all
from tests.thoroughness import thorough
from zielzeit.decision.planned_stop import PlannedStop
from zielzeit.events.structs import Decision, Kind
from zielzeit.runs.messages import Departure, Ending
from zielzeit.stations.register import StationRegister
from zielzeit.stations.source import Source
from zielzeit.stations.station import Station

REGISTER = StationRegister(
    [
        (Source.TABLE, Station("8000001", "A(Main)", ("A (Main)",), ("Alt A",), ("AA",))),
        (Source.TABLE, Station("8000002", "B", codes=("BB",))),
        (Source.TABLE, Station("8000003", "Köln")),
        (Source.TABLE, Station("8000004", "D Hbf")),
        (Source.TABLE, Station("8000005", "D Hbf (tief)", group="8000004")),
    ]
)
SPELLINGS = {
    "A": ("A(Main)", "A (Main)", "a(main)", "Alt A", "AA", "8000001"),
    "B": ("B", "b", "BB", "08000002"),
    "C": ("Köln", "Ko\u0308ln", "KOELN", "8000003"),
    "D": ("D Hbf", "D Hbf (tief)", "d hbf", "D Hauptbahnhof", "8000005"),
    "E": ("Nirgendwo", "nirgendwo", "Nirgendwo (tief)"),
}
"""Spellings of the stations of a route that is longer than the hand-made one; nobody knows the last."""


def endings(decisions: list[Decision | PlannedStop], register: StationRegister = REGISTER) -> list[Ending]:
    return [one for _, _, one in follow_all(decisions, register=register) if isinstance(one, Ending)]


def endings_of(decisions: list[Decision | PlannedStop]) -> list[tuple[str, int | None, str | None]]:
    return [(ending.status, ending.delay, ending.reason) for ending in endings(decisions)]


def test_an_end_at_a_part_of_the_destination_is_the_destination() -> None:
    to_the_part = ("A", "B", "D Hbf (tief)")
    there = decision("D Hbf (tief)", 40, route=to_the_part, kind="terminated", delay=4)
    there = msgspec.structs.replace(there, station="D Hbf")
    assert endings_of([decision("A", 0, route=to_the_part), there]) == [("arrived", 4, None)]


def test_a_run_that_is_extended_arrived_at_its_old_destination_with_the_delay_of_its_arrival() -> None:
    longer = (*ROUTE, "E")
    passing = decision("D", 62, route=longer, delay=9, arrival_delay=7)
    found = endings_of([decision("A", 0), passing, decision("E", 80, route=longer, kind="terminated", delay=12)])
    assert sorted(found, key=str) == [("arrived", 12, None), ("arrived", 7, None)]


def test_a_run_that_is_extended_is_not_cancelled_at_an_old_destination_that_nobody_watches() -> None:
    longer = (*ROUTE, "E")
    found = endings_of([decision("A", 0), decision("E", 80, route=longer, kind="terminated", delay=12)])
    assert found == [("unlabelled", None, "ended-elsewhere")]


def test_a_destination_that_a_route_shows_as_cancelled_is_cancelled() -> None:
    short = decision("B", 20, route_ahead=("C",), cancelled_ahead=("D",), destination="C")
    found = {ending.departures[0].seen.destination: ending for ending in endings([decision("A", 0), short])}
    assert (found["D"].status, found["C"].status, found["C"].reason) == ("cancelled", "unlabelled", "not-seen")


def test_a_cancellation_of_the_destination_that_a_later_board_revokes_is_none() -> None:
    short = decision("B", 20, route_ahead=("C",), cancelled_ahead=("D",))
    assert endings_of([decision("A", 0), short, decision("C", 40)]) == [("unlabelled", None, "not-seen")]


def test_a_part_of_the_train_that_ends_on_the_way_does_not_end_the_other() -> None:
    part = decision("B", 20, kind="terminated", ends_here=True, route_ahead=(), destination="B", id="part")
    found = endings_of([decision("A", 0), part, decision("B", 20), decision("D", 60, kind="terminated", delay=3)])
    assert set(found) == {("arrived", 3, None)}


def test_a_station_that_routes_name_otherwise_than_it_is_polled_is_not_said_to_be_cancelled() -> None:
    # Renamed, and the register knows neither name: for all that the boards say it may be another station.
    there = msgspec.structs.replace(decision("D", 60, kind="terminated", delay=4), station="Old D", destination="Old D")
    assert endings_of([decision("A", 0), there]) == [("unlabelled", None, "ended-elsewhere")]


def test_two_calls_at_one_station_are_two_departures_with_one_end() -> None:
    route = ("A", "B", "C", "B", "D")
    first, second = decision("B", 11, route=route, delay=1), decision("B", 51, route=route, delay=5)
    second = msgspec.structs.replace(second, route_behind=("A", "B", "C"), route_ahead=("D",), id="second")
    watched = [decision("A", 0, route=route), first, second]
    (arrived,) = endings([*watched, decision("D", 70, route=route, kind="terminated", delay=6)])
    assert (arrived.status, arrived.delay, len(arrived.departures)) == ("arrived", 6, 3)
    assert arrived.departures[2].seen.earlier_delays == (0, 1)
    # Boards of that one station alone do not show the end.
    assert endings_of(watched[1:]) == [("unlabelled", None, "not-seen")]


def test_a_train_that_leaves_where_a_board_said_that_it_ends_is_not_cancelled_ahead() -> None:
    # Seen in Berlin: a row that ends at a station, planned a minute before the row that leaves it for the destination.
    said = decision("B", 20, kind="terminated", ends_here=True, route_ahead=(), destination="B", route_behind=())
    found = endings_of([decision("A", 0), said, decision("B", 21), decision("C", 40)])
    assert found == [("unlabelled", None, "not-seen")]


def test_departures_to_another_end_wait_for_it() -> None:
    # Two parts of one number: the nearer end is seen half an hour before the farther one.
    near, far = ("A", "B", "N"), ("A", "B", "C", "D")
    found = endings(
        [
            decision("A", 0, route=near, id="to N"),
            decision("A", 0, route=far, id="to D"),
            decision("N", 30, route=near, kind="terminated", delay=1),
            decision("D", 120, route=far, kind="terminated", delay=8),
        ]
    )
    assert {(one.departures[0].id, one.status, one.delay) for one in found} == {
        ("to N", "arrived", 1),
        ("to D", "arrived", 8),
    }


def spelled(name: str, choice: int) -> str:
    return SPELLINGS[name][choice % len(SPELLINGS[name])]


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=40, max_size=40), st.sampled_from(["terminated", "cancelled", "unseen"]))
def test_spelled_variants_of_station_names_lead_to_equal_outcomes(choices: list[int], end: str) -> None:
    def run(pick: list[int]) -> list[Decision | PlannedStop]:
        picks = iter(pick)
        made: list[Decision | PlannedStop] = [planned("D", 60), decision("A", 0, delay=2), decision("B", 20, delay=5)]
        made.append(decision("C", 40, delay=4))
        if end != "unseen":
            kind: Kind = "terminated" if end == "terminated" else "cancelled"
            made.append(decision("D", 60, kind=kind, delay=3))
        return [
            msgspec.structs.replace(
                one,
                station=spelled(one.station, next(picks)),
                destination=spelled(one.destination, next(picks)),
                route_ahead=tuple(spelled(name, next(picks)) for name in one.route_ahead),
                route_behind=tuple(spelled(name, next(picks)) for name in one.route_behind),
            )
            for one in made
        ]

    def told(decisions: list[Decision | PlannedStop]) -> list[object]:
        found: list[object] = []
        for at, _, one in follow_all(decisions, register=REGISTER):
            if isinstance(one, Departure):
                seen = one.seen
                found.append((at, one.id, seen.horizon, seen.earlier_delays, seen.previous_minutes))
            elif isinstance(one, Ending):
                ids = [departure.id for departure in one.departures]
                found.append((at, one.status, one.delay, one.last_hop_minutes, one.reason, ids))
        return found

    assert repr(told(run(choices))) == repr(told(run([0] * 40)))


@st.composite
def made_up_runs(draw: st.DrawFn) -> list[Decision | PlannedStop]:
    """Some of a run's stops as some boards may show them, consistent with each other or not."""
    made: list[Decision | PlannedStop] = []
    for place, station in enumerate(ROUTE):
        for copy in range(draw(st.integers(0, 2))):
            kind = draw(st.sampled_from(["departed", "terminated", "withdrawn", "undecided", "cancelled", "corrected"]))
            ahead = draw(st.sampled_from([ROUTE[place + 1 :], (), (*ROUTE[place + 1 :], "E")]))
            cancelled = draw(st.sets(st.sampled_from(ahead))) if ahead else set[str]()
            left = tuple(name for name in ahead if name not in cancelled)
            made.append(
                decision(
                    station,
                    20 * place,
                    kind=kind,
                    id=f"{station} {copy}",
                    destination=draw(st.sampled_from([left[-1] if left else station, ROUTE[-1]])),
                    ends_here=kind == "terminated" or not left,
                    cancelled=kind == "cancelled" or (kind == "corrected" and draw(st.booleans())),
                    route_ahead=left,
                    cancelled_ahead=tuple(name for name in ahead if name in cancelled),
                    arrival_delay=draw(st.none() | st.integers(0, 30)),
                    decided_at=START + timedelta(minutes=20 * place + draw(st.integers(5, 60))),
                )
            )
    return made


@settings(deadline=None, max_examples=thorough(300))
@given(made_up_runs())
def test_cancelled_is_only_said_of_a_destination_of_which_a_board_said_it(run: list[Decision]) -> None:
    for ending in endings(list(run)):
        if ending.status != "cancelled":
            assert (ending.reason is not None) == (ending.status == "unlabelled")
            continue
        destination = ending.departures[0].seen.destination
        routes = [departure.seen.route_ahead for departure in ending.departures]
        before = {name for route in routes if destination in route for name in route[: route.index(destination)]}
        assert any(
            (one.cancelled and one.station == destination)
            or destination in one.cancelled_ahead
            or (one.ends_here and not one.cancelled and one.station in before)
            for one in run
        )
