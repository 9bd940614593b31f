"""What the network state remembers, for how long, and that a stream can keep it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zielzeit import service_days
from zielzeit.features.network_state import FEATURES, Arrival, FeatureInput, NetworkState, feature_row
from zielzeit.features.statistics import (
    FAST,
    PAST_WIDTH,
    RECENT_WIDTH,
    SLOW,
    PastSums,
    add_past,
    add_recent,
    past_sums,
    recent_sums,
)

NOON = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)


def departure(station: str, ahead: tuple[str, ...], minute: int, delay: int, **more) -> FeatureInput:
    """A departure so many minutes after noon, decided seven minutes after it happened."""
    return FeatureInput(
        category="RE",
        number=more.pop("number", "4711"),
        line="7",
        station=station,
        destination=ahead[-1],
        scheduled=NOON + timedelta(minutes=minute),
        decided_at=NOON + timedelta(minutes=minute + delay + 7),
        delay=delay,
        route_ahead=ahead,
        **more,
    )


def named(row: tuple[float, ...]) -> dict[str, float]:
    """Features by name."""
    return dict(zip(FEATURES, row, strict=True))


def seen(state: NetworkState, days: int = 1, growth: int = 6) -> None:
    """Let the state see one run a day from A by B to C that grows by ``growth`` minutes on the way."""
    for day in range(days):
        first = departure("A", ("B", "C"), 1440 * day, 2, horizon=40.0)
        second = departure(
            "B", ("C",), 1440 * day + 20, 2 + growth // 2, horizon=20.0, earlier_delays=(2,), previous_station="A",
            previous_minutes=20.0,
        )  # fmt: skip
        state.observe_departure(first)
        state.observe_departure(second)
        at = NOON + timedelta(days=day, minutes=40 + 2 + growth + 7)
        state.observe_arrival(
            Arrival(departures=(first, second), delay=2 + growth, decided_at=at, last_hop_minutes=20.0)
        )


def test_a_finished_day_counts_only_from_the_next_service_day_on() -> None:
    state = NetworkState()
    seen(state)
    later_today = named(feature_row(departure("A", ("B", "C"), 600, 2), state))
    tomorrow = named(feature_row(departure("A", ("B", "C"), 1440, 2), state))
    assert later_today["train_weight"] == 0
    assert later_today["relation_arrivals"] > 0
    assert tomorrow["train_weight"] == pytest.approx(0.93, abs=0.01)
    assert tomorrow["train_growth"] > 0


def test_an_unknown_horizon_is_taken_from_the_hops() -> None:
    state = NetworkState()
    assert np.isnan(named(feature_row(departure("A", ("B", "C"), 0, 0), state))["horizon"])
    seen(state)
    assert named(feature_row(departure("A", ("B", "C"), 60, 0), state))["horizon"] == 40.0


def test_describing_changes_nothing() -> None:
    state = NetworkState()
    seen(state)
    before = state.to_bytes()
    for station in ("A", "nowhere"):
        feature_row(departure(station, ("B", "elsewhere"), 90, 3), state)
    assert state.to_bytes() == before


def test_the_state_survives_bytes_and_goes_on() -> None:
    state = NetworkState()
    seen(state, days=3)
    copy = NetworkState.from_bytes(state.to_bytes())
    for both in (state, copy):
        both.observe_departure(departure("X", ("Y",), 4400, 9))
    question = departure("A", ("B", "C"), 4500, 4)
    np.testing.assert_array_equal(feature_row(question, copy), feature_row(question, state))
    with pytest.raises(ValueError, match="not a stored network state"):
        NetworkState.from_bytes(b"something else")


def test_a_departure_without_a_way_ahead_is_refused() -> None:
    with pytest.raises(ValueError, match="without a route ahead"):
        feature_row(
            FeatureInput(
                category="RE", number="1", line="", station="A", destination="A", scheduled=NOON, decided_at=NOON,
                delay=0, route_ahead=(),
            ),
            NetworkState(),
        )  # fmt: skip


def test_events_of_one_minute_commute() -> None:
    trains = [departure("A", ("B", "C"), 0, delay, number=str(delay)) for delay in (3, 3, 3)]
    for index, train in enumerate(trains):
        trains[index] = FeatureInput(
            **{name: getattr(train, name) for name in train.__struct_fields__ if name != "number"}, number=str(index)
        )
    rows = set()
    for order in permutations(trains):
        state = NetworkState()
        for train in order:
            state.observe_departure(train)
        rows.add(tuple(np.nan_to_num(feature_row(departure("B", ("A",), 5, 1), state))))
    assert len(rows) == 1


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.tuples(st.integers(0, 40), st.floats(-30, 30)), min_size=1, max_size=30))
def test_past_means_are_weighted_means_of_days_before(events: list[tuple[int, float]]) -> None:
    events.sort()
    table = np.zeros((2, PAST_WIDTH))
    for day, value in events:
        add_past(table, 1, day, PastSums(1.0, value, 0.0, 0.0, 0.0, 0.0, 0.0))
    today = events[-1][0]
    for speed, half_life in ((SLOW, 10.0), (FAST, 2.0)):
        weights = [0.5 ** ((today - day) / half_life) if day < today else 0.0 for day, _ in events]
        got = past_sums(table, 1, today, speed)
        assert got.weight == pytest.approx(sum(weights))
        expected = sum(weight * value for weight, (_, value) in zip(weights, events, strict=True))
        assert got.growth == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.floats(-30, 30)), min_size=1, max_size=30))
def test_recent_sums_fade_with_time(events: list[tuple[int, float]]) -> None:
    events.sort()
    table = np.zeros((2, RECENT_WIDTH))
    for minute, value in events:
        add_recent(table, 1, float(minute), value, 0.0, 45.0)
    now = events[-1][0] + 30
    weight, total, _ = recent_sums(table, 1, float(now), 45.0)
    fades = [np.exp(-(now - minute) / 45.0) for minute, _ in events]
    assert weight == pytest.approx(sum(fades))
    assert total == pytest.approx(sum(f * v for f, (_, v) in zip(fades, events, strict=True)), abs=1e-9)


def test_holidays_by_share_of_states() -> None:
    christmas, epiphany, workday = 20447, 20459, 20460  # 2025-12-25, 2026-01-06, 2026-01-07
    assert service_days.holiday_share(christmas) == 1.0
    assert 0 < service_days.holiday_share(epiphany) < 0.5
    assert service_days.holiday_share(workday) == 0.0
