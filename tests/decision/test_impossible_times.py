"""Delays that no train has: the feed sends -200 minutes and takes it back."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decision.handmade import Watched, at, row
from tests.thoroughness import thorough
from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds

OTHER = row("2", "13:50")


@pytest.mark.parametrize("delay", [-61, -90, -200, -1440])
@pytest.mark.parametrize("arrives", [False, True])
def test_a_row_that_says_that_a_train_left_hours_ago_settles_nothing(delay: int, arrives: bool) -> None:
    where = {"departure": None, "arrival": "12:00"} if arrives else {"departure": "12:00"}
    station = Watched()
    station.every_three_minutes("10:00", "10:57", row("1", delay=delay, **where), OTHER)  # type: ignore[arg-type]
    assert not station.decisions
    station.every_three_minutes("11:00", "12:30", row("1", delay=3, **where), OTHER)  # type: ignore[arg-type]
    assert [(d.kind, d.delay) for d in station.decisions] == [("terminated" if arrives else "departed", 3)]


def test_a_row_that_never_takes_its_artefact_back_is_decided_at_its_planned_time_once() -> None:
    station = Watched()
    station.every_three_minutes("10:00", "12:45", row("1", "12:00", -200), OTHER)
    (departed,) = station.decisions
    assert (departed.kind, departed.decided_at) == ("departed", berlin_time.datetime_of(at("11:57")))


def test_a_train_that_vanishes_with_its_artefact_has_until_its_time_to_come_back() -> None:
    """A default board drops a row that is believed to be gone."""
    station = Watched()
    station.every_three_minutes("10:00", "10:06", row("1", "12:00"), OTHER)
    station.board("10:09", row("1", "12:00", -200), OTHER)
    station.every_three_minutes("10:12", "11:00", OTHER)
    assert not station.decisions
    station.every_three_minutes("11:03", "12:00", row("1", "12:00", 1), OTHER)
    station.every_three_minutes("12:03", "12:15", OTHER)
    assert [(d.kind, d.delay, d.revision) for d in station.decisions] == [("departed", 1, 0)]


def test_a_night_train_forty_minutes_early_settles_when_it_is_there() -> None:
    station = Watched()
    station.every_three_minutes("11:00", "11:30", row("345", None, arrival="12:00", arrival_delay=-41), OTHER)
    (terminated,) = station.decisions
    assert (terminated.kind, terminated.delay, terminated.decided_at) == (
        "terminated",
        -41,
        berlin_time.datetime_of(at("11:27")),
    )


def test_a_decided_train_is_known_as_long_as_a_board_can_show_it() -> None:
    """Boards resolve a bare HH:MM to up to twenty hours ago; whatever shows the train by then is ``late``."""
    for delay in (-200, 0, 300):
        station = Watched()
        station.every_three_minutes("11:30", "12:30", row("1", "12:00", delay))
        station.every_three_minutes("17:00", "17:15", row("1", "12:00", delay))
        assert station.kinds() == ["departed"]
        for hour in range(18, 32):
            moment = Milliseconds(at("00:00") + hour * 60 * MINUTE)
            station.board(berlin_time.datetime_of(moment).isoformat(), OTHER | {"scheduledDeparture": "11:59"})
            station.board(berlin_time.datetime_of(Milliseconds(moment + MINUTE)).isoformat(), row("1", "12:00", delay))
        assert {d.kind for d in station.decisions if d.id.endswith("RE 1|2026-03-10T12:00")} == {"departed", "late"}


@settings(max_examples=thorough(60), deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.sampled_from([0, 0, 2, 15, -3, -60, -61, -200, -1440, 90])),
        min_size=3,
        max_size=60,
    ),
    st.booleans(),
)
def test_whatever_delays_a_row_shows_it_is_gone_once_and_not_long_before_its_time(
    shown: list[tuple[int, int]], arrives: bool
) -> None:
    station, moment, planned = Watched(), at("09:55"), at("12:00")
    for step, delay in shown:
        moment = Milliseconds(moment + step * MINUTE)
        where = {"departure": None, "arrival": "12:00"} if arrives else {"departure": "12:00"}
        time = berlin_time.datetime_of(moment).isoformat()
        station.board(time, *([] if step == 40 else [row("1", delay=delay, **where)]), OTHER)  # type: ignore[arg-type]
    station.until("2026-03-12T00:00")
    of_train = [d for d in station.decisions if "RE 1|" in d.id and d.kind in ("departed", "terminated")]
    assert max(Counter(d.id for d in of_train).values(), default=0) <= 1
    assert all(berlin_time.milliseconds(d.decided_at) >= planned - 75 * MINUTE for d in of_train)
