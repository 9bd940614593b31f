"""The night of 25 October 2026, on boards as DBF sends them: no train departs before it left, or in the wrong pass."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decision.handmade import THROUGH, Watched, at, body, row
from tests.decision.stream import Arrival
from tests.decision.test_properties import many, run
from tests.thoroughness import thorough
from zielzeit.berlin_time import BERLIN, MINUTE, Milliseconds, WallMinutes, datetime_of, milliseconds
from zielzeit.decision.repeated_hour import readings
from zielzeit.events.structs import Decision

CHANGE = datetime(2026, 10, 25, 1, tzinfo=UTC)
"""The clocks go back from 03:00 to 02:00."""
MIDNIGHT = at("2026-10-25T00:00+02:00")
SUMMER, WINTER = "2026-10-25T02:{:02}+02:00", "2026-10-25T02:{:02}+01:00"


def as_dbf_reads(moment: datetime) -> datetime:
    """The instant that DBF makes of the minute on the clocks at a moment: 02:xx is always the second pass."""
    return moment.astimezone(BERLIN).replace(fold=1).astimezone(UTC)


class Train(NamedTuple):
    """A train that is as late as boards say from the beginning; minutes after 00:00 summer time."""

    planned: int
    delay: int

    @property
    def plan(self) -> datetime:
        return datetime_of(Milliseconds(MIDNIGHT + self.planned * MINUTE)).astimezone(UTC)

    @property
    def leaves(self) -> datetime:
        return self.plan + timedelta(minutes=self.delay)

    @property
    def shown_delay(self) -> int:
        return (as_dbf_reads(self.leaves) - as_dbf_reads(self.plan)) // timedelta(minutes=1)

    def is_shown(self, now: datetime, *, past: bool) -> bool:
        until = as_dbf_reads(self.leaves) + timedelta(minutes=60 if past else 0)
        return as_dbf_reads(self.plan) < now + timedelta(minutes=180) and until >= now


HOURLY = [Train(minute, 0) for minute in range(50, 13 * 60, 60)]
"""Trains that keep boards from being empty, which is an error reply."""


def boards(trains: list[Train], every: int, *, past: bool) -> list[Arrival]:
    """What DBF shows of the trains, and of the hourly ones behind them, from midnight until nine in the morning."""
    found, all_trains = [], [*trains, *HOURLY]
    for moment in range(MIDNIGHT, MIDNIGHT + 10 * 60 * MINUTE, every * MINUTE):
        now = datetime_of(Milliseconds(moment)).astimezone(UTC)
        shown = [(as_dbf_reads(t.leaves), str(n), t) for n, t in enumerate(all_trains) if t.is_shown(now, past=past)]
        rows = [row(n, f"{t.plan.astimezone(BERLIN):%H:%M}", t.shown_delay) for _, n, t in sorted(shown)]
        found.append(Arrival("A", moment, body(*rows) + b" " * len(found)))  # another body, as if there were news
    return found


@pytest.mark.parametrize(
    ("wall", "delay", "meant"),
    [
        ("01:57", 2, {("01:57+02:00", 2)}),
        ("01:57", 64, {("01:57+02:00", 4), ("01:57+02:00", 64)}),
        ("02:03", 0, {("02:03+02:00", 0), ("02:03+02:00", 60), ("02:03+01:00", 0)}),
        ("02:51", -45, {("02:51+02:00", 15)}),
        ("02:00", -61, {("02:00+02:00", -1)}),
        ("02:00", 58, {("02:00+02:00", 58), ("02:00+02:00", 118), ("02:00+01:00", 58), ("02:00+01:00", -2)}),
        ("03:04", 0, {("03:04+01:00", 0)}),
        ("01:57", 4, {("01:57+02:00", 4)}),  # DBF does not say so; what comes from elsewhere is taken as it is
    ],
)
def test_what_a_row_can_mean(wall: str, delay: int, meant: set[tuple[str, int]]) -> None:
    hour, minute = map(int, wall.split(":"))
    midnight = int((datetime(2026, 10, 25) - datetime(1970, 1, 1)).total_seconds()) // 60  # noqa: DTZ001 - wall time
    found = readings(WallMinutes(midnight + 60 * hour + minute), delay, 5 * MINUTE)
    assert {(f"{(iso := datetime_of(one.planned).isoformat())[11:16]}{iso[-6:]}", one.delay) for one in found} == meant


def test_at_twenty_to_three_rows_of_both_passes_stand_among_each_other() -> None:
    """Only the train whose delay is impossible for the second pass is told; nothing departs that may not have left."""
    station = Watched()
    for time in (*(SUMMER.format(m) for m in range(0, 60, 3)), *(WINTER.format(m) for m in range(0, 30, 3))):
        station.board(time, row("1", "01:57", 64), row("2", "02:03"), row("3", "02:03", 1), row("4", "02:51", -47))
    assert [(d.number, d.kind, d.delay, d.scheduled.isoformat()[11:]) for d in station.decisions] == [
        ("4", "departed", 13, "02:51:00+02:00")
    ]
    later = row("9", "05:00")
    station.every_three_minutes("2026-10-25T03:06+01:00", "2026-10-25T03:30+01:00", later)
    assert {(d.number, d.kind) for d in station.decisions[1:]} == {(number, "undecided") for number in "123"}


def test_a_cancelled_train_is_cancelled_if_its_time_is_certain() -> None:
    station = Watched()
    before, between = row("1", "01:57", 64, cancelled=True), row("2", "02:20", cancelled=True)
    station.every_three_minutes("2026-10-25T01:30+02:00", "2026-10-25T02:30+01:00", before, between, row("9", "04:50"))
    station.every_three_minutes("2026-10-25T02:33+01:00", "2026-10-25T03:30+01:00", row("9", "04:50"))
    assert {(d.number, d.kind) for d in station.decisions} == {("1", "cancelled"), ("2", "undecided")}


def test_an_arrival_whose_delay_cannot_be_told_has_none() -> None:
    through = row("1", "03:01", 0, arrival="02:58", arrival_delay=0, route=THROUGH)
    punctual = row("2", "03:20", 2, arrival="03:15", arrival_delay=3, route=THROUGH)
    station = Watched()
    station.every_three_minutes("2026-10-25T02:50+01:00", "2026-10-25T03:35+01:00", through, punctual)
    assert {(d.number, d.delay, d.arrival_delay) for d in station.decisions} == {("1", 0, None), ("2", 2, 3)}


NIGHT = st.lists(
    st.builds(Train, st.integers(20, 380), st.one_of(st.integers(-2, 20), st.integers(-2, 130))),
    max_size=10,
    unique_by=lambda train: train.planned,
)


@pytest.mark.slow
@settings(many, max_examples=thorough(40))
@given(NIGHT, st.integers(2, 5), st.booleans())
def test_no_train_departs_before_it_left_or_in_the_wrong_pass(trains: list[Train], every: int, past: bool) -> None:
    decided = defaultdict(list)
    for decision in run(boards(trains, every, past=past)).outputs:
        if isinstance(decision, Decision) and int(decision.number) < len(trains):
            decided[int(decision.number)].append(decision)
    for number, train in enumerate(trains):
        kinds = [decision.kind for decision in decided[number]]
        for decision in decided[number]:
            if decision.kind == "departed":
                assert milliseconds(decision.scheduled) == milliseconds(train.plan)
                assert decision.delay == train.delay
                assert milliseconds(decision.decided_at) >= milliseconds(train.leaves)
        hour = timedelta(hours=1)
        if CHANGE - hour <= train.plan < CHANGE <= train.leaves and train.delay < 55:
            assert kinds == ["departed"], "its delay is too low for any other train"
        elif all(not CHANGE - hour <= moment < CHANGE + hour for moment in (train.plan, train.leaves)):
            assert kinds == ["departed"], "nothing is uncertain outside of the hour"
        else:
            assert kinds in (["departed"], ["undecided"])
