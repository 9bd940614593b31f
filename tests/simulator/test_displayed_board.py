"""Boards obey DBF's rules: which rows show, which keys are null, in which order, whatever the moment."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zielzeit.recordings.read import read_boards
from zielzeit.settings import ROOT
from zielzeit.simulator import clock
from zielzeit.simulator.displayed_board import Feed, board, encode
from zielzeit.simulator.timetable import build
from zielzeit.simulator.world import World

WORLD = World(build(12, seed=4))
DAY = date(2026, 3, 10)
FRANKFURT = ROOT.parent / "shared/data/dbf-boards/frankfurt"

moments = st.integers(clock.epoch(DAY, 0), clock.epoch(DAY + timedelta(days=2), 0))
stations = st.integers(0, 11)
# The first look at a day makes that day: no time limit on single examples.
unhurried = settings(deadline=None)


def shown(station: int, at: int, *, past: bool, feed: Feed = Feed.ALIVE) -> list[dict[str, Any]]:
    return json.loads(encode(board(WORLD, station, at, past=past, feed=feed)))["departures"]


def nearest(hhmm: str, at: int) -> int:
    """The epoch second of a wall-clock minute that lies nearest to ``at`` (no clock change near ``DAY``)."""
    hour, minute = map(int, hhmm.split(":"))
    same_day = clock.local(at).replace(hour=hour, minute=minute, second=0)
    return min(
        (int((same_day + timedelta(days=d)).timestamp()) for d in (-1, 0, 1)), key=lambda second: abs(second - at)
    )


def leaves(row: dict[str, Any], at: int) -> int:
    scheduled, delay = row["scheduledDeparture"], row["delayDeparture"]
    if scheduled is None:
        scheduled, delay = row["scheduledArrival"], row["delayArrival"]
    return nearest(scheduled, at) + 60 * delay


@unhurried
@given(stations, moments, st.booleans())
def test_a_row_shows_while_its_believed_departure_lies_ahead_and_its_plan_within_three_hours(station, at, past):
    rows = shown(station, at, past=past)
    assert rows
    for row in rows:
        assert leaves(row, at) >= at - (3600 if past else 0)
        assert nearest(row["scheduledArrival"] or row["scheduledDeparture"], at) < at + 180 * 60


@unhurried
@given(stations, moments, st.booleans())
def test_rows_stand_in_order_of_their_believed_departure(station, at, past):
    times = [leaves(row, at) for row in shown(station, at, past=past)]
    assert times == sorted(times)


@unhurried
@given(stations, moments)
def test_a_delay_is_null_only_where_the_run_has_no_such_event(station, at):
    name = WORLD.network.stations[station].name
    for row in shown(station, at, past=True):
        assert (row["delayArrival"] is None) == (row["scheduledArrival"] is None)
        assert (row["delayDeparture"] is None) == (row["scheduledDeparture"] is None)
        assert row["scheduledArrival"] is not None or row["route"][0]["name"] == name
        assert row["scheduledDeparture"] is not None or row["route"][-1]["name"] == name
        assert name in [stop["name"] for stop in row["route"]]
        assert row["isCancelled"] in (0, 1)
        assert len(row["via"]) <= 3


@unhurried
@given(stations, moments)
def test_a_board_with_past_holds_every_row_of_the_board_without(station, at):
    with_past = [row for row in shown(station, at, past=True) if leaves(row, at) >= at]
    assert with_past == shown(station, at, past=False)


@unhurried
@given(stations, moments)
def test_a_dead_feed_shows_the_timetable(station, at):
    for row in shown(station, at, past=True, feed=Feed.DEAD):
        assert (row["delayArrival"] or 0, row["delayDeparture"] or 0, row["isCancelled"]) == (0, 0, 0)
        assert row["platform"] == row["scheduledPlatform"]


@unhurried
@given(stations, moments)
def test_half_a_dead_feed_shows_each_row_as_a_whole_feed_or_a_dead_one_does(station, at):
    alive, dead = (shown(station, at, past=True, feed=feed) for feed in (Feed.ALIVE, Feed.DEAD))
    half = shown(station, at, past=True, feed=Feed.HALF_DEAD)
    even = {line.name or trip.number for line in WORLD.network.lines[::2] for trip in line.trips}
    for row in half:
        assert row in (alive if row["train"].partition(" ")[2] in even else dead)


def test_a_day_shows_part_cancelled_runs_with_their_real_destination():
    short = [
        row
        for at in range(clock.epoch(DAY, 300), clock.epoch(DAY + timedelta(days=2), 1400), 5400)
        for station in range(12)
        for row in shown(station, at, past=True)
        if row["route"][-1].get("isCancelled") and not row["isCancelled"]
    ]
    assert short
    for row in short:
        served = [stop["name"] for stop in row["route"] if not stop.get("isCancelled")]
        assert row["destination"] == served[-1]
        assert row["route"][-1]["isAdditional"] == 0


def test_rows_have_the_keys_and_types_of_real_boards():
    if not FRANKFURT.is_dir():
        pytest.skip("../shared/data/dbf-boards is absent")
    real = json.loads(next(iter(read_boards([FRANKFURT]))).body)["departures"]
    kinds: dict[str, set[type]] = {}
    for row in real:
        for key, value in row.items():
            kinds.setdefault(key, set()).add(type(value))
    for row in shown(0, clock.epoch(DAY, 17 * 60), past=True):
        assert row.keys() == kinds.keys()
        for key, value in row.items():
            assert type(value) in kinds[key] | ({bool} if key == "missingRealtime" else set()), key


def test_the_same_seed_gives_the_same_boards_whatever_was_asked_before():
    fresh = World(build(12, seed=4))
    other = World(build(12, seed=5))
    at = clock.epoch(DAY, 18 * 60)
    for station in (7, 0, 3):
        assert encode(board(fresh, station, at)) == encode(board(WORLD, station, at))
    assert encode(board(other, 0, at)) != encode(board(WORLD, 0, at))


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_boards_of_days_on_which_the_clocks_change_show_local_time(day):
    begin = clock.epoch(day, 0)
    for at in range(begin, begin + 6 * 3600, 900):
        for station in (0, 5):
            for row in board(WORLD, station, at).departures:
                assert row.scheduled_departure or row.scheduled_arrival
    spring = day.month == 3
    assert datetime.fromtimestamp(clock.epoch(day, 26 * 60 + 30), clock.BERLIN).hour == 2
    assert clock.epoch(day + timedelta(days=1), 0) - begin == (23 if spring else 25) * 3600
    if spring:
        times = {
            row.scheduled_departure
            for at in range(begin, begin + 4 * 3600, 900)
            for row in board(WORLD, 0, at, past=False).departures
        }
        assert not {time for time in times if time and time.startswith("02:")}
