"""What real boards do with trains: midnight, clock changes, termini, cancellations, odd rows. A test for each."""

from __future__ import annotations

import pytest

from tests.decision.handmade import FROM_HERE, HERE, THROUGH, Watched, clock_time, row

LATER = row("9", "14:59")
GONE = [{"name": "Nachher", "isCancelled": 1, "isAdditional": 0}, {"name": "Ende", "isCancelled": 1, "isAdditional": 0}]


def settle(station: Watched, *rows: dict[str, object], first: str = "12:00", last: str = "12:21") -> None:
    """Show the same rows until they have settled."""
    station.every_three_minutes(first, last, *rows)


def test_a_next_day_row_departs_on_the_next_day() -> None:
    station = Watched()
    settle(station, row("1", "00:10"), first="2026-03-10T23:51", last="2026-03-11T00:18")
    (departed,) = station.decisions
    assert departed.scheduled.isoformat() == "2026-03-11T00:10:00+01:00"
    assert departed.id == f"{HERE}|RE 1|2026-03-11T00:10"


def test_a_train_of_yesterday_that_departs_after_midnight_keeps_its_day() -> None:
    station = Watched()
    settle(station, row("1", "23:50", 35), first="2026-03-10T23:51", last="2026-03-11T00:36")
    assert [(d.id, d.delay) for d in station.decisions] == [(f"{HERE}|RE 1|2026-03-10T23:50", 35)]


def test_spring_change_trains_leave_an_hour_sooner_than_the_clock_says() -> None:
    station = Watched()
    settle(station, row("1", "03:05"), first="2026-03-29T01:54+01:00", last="2026-03-29T02:15+01:00")
    (departed,) = station.decisions
    assert departed.scheduled.isoformat() == "2026-03-29T03:05:00+02:00"


def test_the_hour_that_does_not_exist_is_the_one_after() -> None:
    station = Watched()
    settle(station, row("1", "02:30"), first="2026-03-29T03:21+02:00", last="2026-03-29T03:42+02:00")
    (departed,) = station.decisions
    assert departed.scheduled.isoformat() == "2026-03-29T03:30:00+02:00"


def test_the_same_number_twice_on_one_board_is_two_trains() -> None:
    """Yesterday's late night train and tonight's, both on the board at ten in the evening."""
    station = Watched()
    late, tonight = row("420", "03:00", 1130, train="NJ 420"), row("420", "00:40", train="NJ 420")
    settle(station, late, tonight, first="2026-03-10T21:42", last="2026-03-10T22:00")
    (departed,) = station.decisions
    assert (departed.scheduled.isoformat(), departed.delay) == ("2026-03-10T03:00:00+01:00", 1130)


def test_of_two_rows_that_claim_one_identity_the_one_that_runs_counts() -> None:
    for rows in ([row(cancelled=True), row(delay=4)], [row(delay=4), row(cancelled=True)]):
        station = Watched()
        settle(station, *rows)
        assert [(d.kind, d.delay) for d in station.decisions] == [("departed", 4)]


def test_a_train_that_ends_here_terminates_with_the_delay_of_its_arrival() -> None:
    station = Watched()
    settle(station, row("1", None, arrival="12:04", arrival_delay=3))
    (terminated,) = station.decisions
    assert (terminated.kind, terminated.delay, terminated.ends_here) == ("terminated", 3, True)
    assert (terminated.route_behind, terminated.route_ahead) == (("Anfang", "Vorher"), ())


def test_a_train_that_starts_here_departs_with_its_whole_route_ahead() -> None:
    station = Watched()
    settle(station, row("1"))
    (departed,) = station.decisions
    assert (departed.starts_here, departed.route_ahead) == (True, FROM_HERE[1:])


def test_a_through_train_knows_what_lies_behind_and_ahead() -> None:
    station = Watched()
    settle(station, row("1", arrival="12:03"))
    (departed,) = station.decisions
    assert (departed.route_behind, departed.route_ahead) == (THROUGH[:2], THROUGH[3:])
    assert not departed.starts_here
    assert not departed.ends_here


def test_running_early() -> None:
    station = Watched()
    settle(station, row("1", None, arrival="12:10", arrival_delay=-6), last="12:15")
    assert [(d.kind, d.delay) for d in station.decisions] == [("terminated", -6)]


def test_a_default_board_drops_an_early_arrival_at_its_early_minute() -> None:
    station = Watched()
    early = row("1", None, arrival="12:10", arrival_delay=-6)
    station.every_three_minutes("11:57", "12:03", early, LATER)
    station.every_three_minutes("12:06", "12:12", LATER)
    assert [(d.kind, d.delay) for d in station.decisions] == [("terminated", -6)]


def test_a_delay_of_hours() -> None:
    station = Watched()
    settle(station, row("1", "12:05", 305), last="17:21")
    assert [d.delay for d in station.decisions] == [305]
    assert clock_time(station.decisions[0].decided_at) == "17:18"


def test_a_forecast_that_collapses_by_an_hour_and_a_half_is_a_departure() -> None:
    """Believed at +95, really at +3: with past=1 the new value settles; without, the row is gone, which is believed
    when it has not come back by 13:40."""
    keeps, drops = Watched(), Watched()
    for station in (keeps, drops):
        station.every_three_minutes("12:00", "12:09", row("1", "12:05", 95), LATER)
    keeps.every_three_minutes("12:12", "12:18", row("1", "12:05", 3), LATER)
    drops.every_three_minutes("12:12", "13:48", LATER)
    assert [(d.kind, d.delay) for d in keeps.decisions] == [("departed", 3)]
    assert [(d.kind, d.delay) for d in drops.decisions] == [("departed", 95)]
    assert drops.decisions[0].delay_estimate is not None
    assert drops.decisions[0].delay_estimate < 10


def test_a_retroactive_reset_to_the_timetable_is_believed_but_no_single_board() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:12", row("1", "12:05", 8), LATER)
    assert not station.board("12:15", row("1", "12:05", 0), LATER)
    (departed,) = station.board("12:18", row("1", "12:05", 0), LATER)
    assert departed.delay == 0


def test_a_cancelled_train_is_cancelled_and_its_delay_means_nothing() -> None:
    station = Watched()
    settle(station, row("1", delay=17, cancelled=True), last="12:33")
    assert [(d.kind, d.delay, d.cancelled) for d in station.decisions] == [("cancelled", None, True)]


def test_a_cancellation_that_is_revoked_leaves_a_departure() -> None:
    station = Watched()
    station.every_three_minutes("11:30", "11:45", row("1", cancelled=True))
    settle(station, row("1", delay=2), first="11:48")
    assert [(d.kind, d.delay) for d in station.decisions] == [("departed", 2)]


def test_a_cancellation_revoked_after_the_decision_opens_the_train_again() -> None:
    station = Watched()
    settle(station, row("1", cancelled=True))
    settle(station, row("1", delay=20), first="12:24", last="12:36")
    assert [(d.kind, d.revision) for d in station.decisions] == [("cancelled", 0), ("departed", 1)]


def test_a_cancellation_revoked_on_the_last_board_that_shows_the_train_leaves_a_departure() -> None:
    """Berlin, S 9417: nearly an hour after it left the feed says that it ran, and then the row is gone."""
    station = Watched()
    settle(station, row("1", "12:05", cancelled=True), LATER, last="13:00")
    station.board("13:03", row("1", "12:05", 1), LATER)
    station.every_three_minutes("13:06", "13:15", LATER)
    found = [(d.kind, d.revision, d.delay) for d in station.decisions]
    assert found == [("cancelled", 0, None), ("departed", 1, 1)]


def test_a_cancellation_announced_after_the_planned_departure() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:09", row("1", delay=10))
    settle(station, row("1", delay=10, cancelled=True), first="12:12", last="12:24")
    assert station.kinds() == ["cancelled"]


def test_a_cancellation_announced_after_the_decision_is_a_correction() -> None:
    station = Watched()
    settle(station, row("1"))
    settle(station, row("1", cancelled=True), first="12:24", last="12:30")
    assert [(d.kind, d.cancelled, d.delay) for d in station.decisions] == [
        ("departed", False, 0),
        ("corrected", True, None),
    ]


def test_only_the_departure_cancelled_is_a_train_that_ends_here() -> None:
    """Its departure passes without anything; what counts is its arrival, which is later."""
    station = Watched()
    short = row("1", "12:05", 0, arrival="12:03", arrival_delay=15, route=[*THROUGH[:3], *GONE], destination=HERE)
    station.every_three_minutes("12:00", "12:24", short)
    assert not station.decisions
    (terminated,) = station.board("12:27", short)
    assert (terminated.kind, terminated.delay, terminated.ends_here) == ("terminated", 15, True)
    assert terminated.id.endswith("12:05")
    assert clock_time(terminated.scheduled) == "12:03"


def test_only_the_arrival_cancelled_is_a_train_that_starts_here() -> None:
    station = Watched()
    before = [{"name": name, "isCancelled": 1} for name in THROUGH[:2]]
    settle(station, row("1", arrival="12:03", delay=1, route=[*before, *THROUGH[2:]]))
    (departed,) = station.decisions
    assert (departed.kind, departed.starts_here, departed.route_behind) == ("departed", True, ())


def test_a_changed_destination_is_the_last_one_shown() -> None:
    station = Watched()
    station.every_three_minutes("11:00", "11:30", row("1"))
    settle(station, row("1", destination="Nachher", route=[HERE, "Nachher", GONE[1]]), first="11:33")
    (departed,) = station.decisions
    assert (departed.destination, departed.route_ahead) == ("Nachher", ("Nachher",))


def test_added_stops_are_stops() -> None:
    station = Watched()
    settle(station, row("1", route=[HERE, {"name": "Umweg", "isAdditional": 1}, "Ende"]))
    assert station.decisions[0].route_ahead == ("Umweg", "Ende")


def test_an_added_train_that_only_one_board_shows_departs_where_that_board_is_surely_this_stations() -> None:
    """Berlin polled every 15 minutes: the board knows the other trains, so it is no other station's."""
    station = Watched()
    known = [row(str(number), f"13:{number}") for number in (10, 20, 30)]
    station.every_three_minutes("12:00", "12:03", *known)
    station.board("12:15", row("501", "12:20", 2), *known)
    station.every_three_minutes("12:30", "12:36", *known)
    assert [(d.kind, d.number, d.delay) for d in station.decisions] == [("departed", "501", 2)]


def test_no_real_time_at_all_departs_with_delay_zero_that_says_so() -> None:
    station = Watched()
    settle(station, row("1", realtime=False))
    assert [(d.kind, d.delay, d.realtime) for d in station.decisions] == [("departed", 0, False)]


def test_departure_shown_before_arrival() -> None:
    station = Watched()
    settle(station, row("1", "12:05", 1, arrival="12:06"))
    assert [(d.kind, d.delay) for d in station.decisions] == [("departed", 1)]


def test_an_empty_platform_and_no_classes() -> None:
    station = Watched()
    settle(station, row("1", train="Bus EV", platform="", trainClasses=[]))
    assert [(d.kind, d.platform) for d in station.decisions] == [("departed", "")]


@pytest.mark.parametrize(("one", "other"), [("S 1", "S S1"), ("RE 7", "RE RE7")])
def test_line_naming_that_drifts_is_one_train(one: str, other: str) -> None:
    station = Watched()
    station.every_three_minutes("11:30", "12:00", row("1", train=one))
    settle(station, row("1", train=other), first="12:03")
    assert station.kinds() == ["departed"]


def test_a_ring_line_starts_and_ends_at_the_same_station() -> None:
    ring = [HERE, "Osten", "Süden", "Westen", HERE]
    station = Watched()
    starts = row("41", "12:05", train="S 41", route=ring, destination=HERE)
    ends = row("41", None, arrival="12:04", train="S 41", route=ring)
    settle(station, ends, starts)
    assert [(d.kind, len(d.route_behind), len(d.route_ahead)) for d in station.decisions] == [
        ("terminated", 4, 0),
        ("departed", 0, 4),
    ]


def test_a_ring_train_that_passes_is_no_train_that_ends() -> None:
    """Its destination is this station, and it leaves it all the same."""
    station = Watched()
    ring = ["Osten", HERE, "Westen", "Osten"]
    settle(station, row("41", "12:05", arrival="12:04", train="S 41", route=ring, destination=HERE))
    assert [(d.kind, d.route_ahead) for d in station.decisions] == [("departed", ("Westen", "Osten"))]


def test_a_train_that_is_renumbered_departs_once() -> None:
    station = Watched()
    station.every_three_minutes("11:40", "12:00", row("1", arrival="12:03"), LATER)
    station.every_three_minutes("12:03", "12:18", row("20001", arrival="12:03"), LATER)
    assert [(d.kind, d.number) for d in station.decisions] == [("withdrawn", "1"), ("departed", "20001")]


def test_a_train_that_is_to_go_on_from_its_last_stop_departs_once() -> None:
    """Its row gets a departure and with it another identity."""
    station = Watched()
    station.every_three_minutes("11:40", "12:00", row("1", None, arrival="12:03"), LATER)
    station.every_three_minutes("12:03", "12:21", row("1", "12:06", arrival="12:03"), LATER)
    assert [(d.kind, d.id[-5:]) for d in station.decisions] == [("departed", "12:06")]


@pytest.mark.parametrize("number", ["1", "20001"])
@pytest.mark.parametrize("arrival", ["14:58", "14:59"])
def test_a_train_whose_departure_is_in_an_hour_that_is_not_loaded_yet_is_one_train(number: str, arrival: str) -> None:
    """Until 12:00 the board has the hour of 14 only: the arrival, under the number that the train arrives with."""
    station = Watched()
    unloaded, other = row("1", None, arrival=arrival), row("2", None, arrival=arrival, route=("Anderswo", HERE))
    loaded = row(number, "15:04", arrival=arrival, train="RB 7")
    station.every_three_minutes("11:54", "11:57", LATER, unloaded, other)
    station.every_three_minutes("12:00", "15:03", LATER, loaded, other)
    station.every_three_minutes("15:06", "15:15", row("3", "15:55"))
    found = {(d.kind, d.number, d.id[-5:]) for d in station.decisions if d.number != "9"}
    assert found == {("departed", number, "15:04"), ("terminated", "2", arrival)}
    assert station.kinds().count("withdrawn") == 0


def test_a_train_that_ends_here_is_not_the_one_that_takes_its_place() -> None:
    station = Watched()
    ends, next_one = row("1", None, arrival="12:30"), row("2", "12:40", arrival="12:30", route=("Anderswo", HERE, "X"))
    station.every_three_minutes("12:00", "12:06", ends, LATER)
    station.every_three_minutes("12:09", "12:48", next_one, LATER)
    assert station.kinds() == ["withdrawn", "departed"]


def test_coupled_trains_depart_each_under_its_own_number() -> None:
    station = Watched()
    wings = [row("512", train="ICE 512"), row("612", train="ICE 612", destination="Anderswo")]
    settle(station, *wings)
    assert [(d.kind, d.number) for d in station.decisions] == [("departed", "512"), ("departed", "612")]


def test_rows_that_leave_the_three_hour_window_and_enter_it_again() -> None:
    """A change of plan can move a row's place at the far end: nothing is decided of a train that is hours away."""
    station = Watched()
    far = row("1", "14:58")
    station.board("12:00", far, LATER)
    station.every_three_minutes("12:03", "12:15", LATER)
    station.every_three_minutes("12:18", "12:30", far, LATER)
    assert not station.decisions


def test_a_train_that_comes_back_after_its_decision_is_late_and_not_decided_twice() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:06", row("1", "12:05", 2), LATER)
    station.every_three_minutes("12:09", "12:18", LATER)
    assert station.kinds() == ["departed"]
    station.every_three_minutes("12:21", "12:27", row("1", "12:05", 20), LATER)
    station.every_three_minutes("12:30", "12:51", LATER)
    assert station.kinds() == ["departed", "late", "corrected"]
    assert [d.revision for d in station.decisions if d.kind != "late"] == [0, 1]
    assert len({d.id for d in station.decisions}) == 1


def test_a_board_from_before_the_frontier_only_adds_late_records() -> None:
    station = Watched()
    settle(station, row("1"), LATER)
    before = station.station.entries.copy()
    found = station.late("12:04", row("1", delay=5), LATER, row("77", "12:40"))
    assert [(d.kind, d.id, d.delay) for d in found] == [("late", f"{HERE}|RE 1|2026-03-10T12:05", 5)]
    assert station.station.entries == before
