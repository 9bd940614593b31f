"""What the network's state forgets, and when: a function of event times, so that no feature tells when it was done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.thoroughness import thorough
from zielzeit.features.named_tables import SPACES, NamedTables
from zielzeit.features.network_state import FEATURES, Arrival, FeatureInput, NetworkState, feature_row
from zielzeit.features.statistics import KEPT_DAYS

NOON = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WAYS = (("A", "B", "C"), ("B", "C"), ("C", "A"), ("D", "C"))


def departure(at: datetime, way: tuple[str, ...], number: str = "1", delay: int = 3) -> FeatureInput:
    """A departure from the first stop of a way, decided seven minutes after it happened."""
    return FeatureInput(
        category="RE",
        number=number,
        line="7",
        station=way[0],
        destination=way[-1],
        scheduled=at,
        decided_at=at + timedelta(minutes=delay + 7),
        delay=delay,
        horizon=20.0,
        route_ahead=way[1:],
    )


def run(
    state: NetworkState,
    at: datetime,
    way: tuple[str, ...],
    number: str = "1",
    delay: int | None = 9,
    last_hop: float = 20.0,
) -> None:
    """Let the state see a run from the first stop of a way to the last one; ``delay`` None: it was cancelled there."""
    left = departure(at, way, number)
    state.observe_departure(left)
    known = at + timedelta(hours=1)
    state.observe_arrival(Arrival(departures=(left,), delay=delay, decided_at=known, last_hop_minutes=last_hop))


def features(state: NetworkState, at: datetime, way: tuple[str, ...], number: str = "1") -> dict[str, float]:
    """Features of a departure by name."""
    return dict(zip(FEATURES, feature_row(departure(at, way, number), state), strict=True))


def keys(state: NetworkState) -> dict[str, int]:
    """Number of names that the state holds, by space."""
    return {space: len(state.names(space)) for space in SPACES}


@pytest.mark.parametrize("forgetting", [False, True], ids=["never taken out", "taken out daily"])
def test_a_weekly_train_is_known_and_one_not_seen_for_six_weeks_is_not(*, forgetting: bool) -> None:
    state = NetworkState()
    for week in range(8):
        run(state, NOON + 7 * week * DAY, ("B", "C"))
        if forgetting:
            state.forget(NOON + (7 * week + 1) * DAY)
    last = NOON + 49 * DAY
    known, unknown = (features(state, last + days * DAY, ("B", "C")) for days in (KEPT_DAYS, KEPT_DAYS + 1))
    new = features(NetworkState(), last + (KEPT_DAYS + 1) * DAY, ("B", "C"))
    assert known["train_weight"] > 0.1
    assert known["ahead_fastest"] == 20.0
    np.testing.assert_array_equal(list(unknown.values()), list(new.values()))
    run(state, last + (KEPT_DAYS + 1) * DAY, ("B", "C"), last_hop=25.0)
    again = features(state, last + (KEPT_DAYS + 2) * DAY, ("B", "C"))
    assert again["train_weight"] == pytest.approx(0.93, abs=0.01), "it begins anew"
    assert again["ahead_fastest"] == 25.0


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 3, 10, 41, 42, 43, 44, 90]),  # days since the event before
        st.integers(0, 1439),  # minutes after that
        st.sampled_from(["run", "cancelled run", "cancelled stop"]),
        st.sampled_from(WAYS),
        st.sampled_from("12"),
        st.booleans(),  # forget after it
    ),
    min_size=1,
    max_size=25,
)


@pytest.mark.slow
@settings(max_examples=thorough(150))
@given(EVENTS)
def test_features_do_not_tell_when_or_whether_names_were_taken_out(
    events: list[tuple[int, int, str, tuple[str, ...], str, bool]],
) -> None:
    kept, forgetful = NetworkState(), NetworkState()
    at = NOON
    for days, minutes, what, way, number, forgets in events:
        at += days * DAY + timedelta(minutes=minutes)
        for state in (kept, forgetful):
            if what == "cancelled stop":
                state.observe_cancelled_stop(way[0], at)
            else:
                run(state, at, way, number, None if what == "cancelled run" else 9, last_hop=10.0 + minutes % 30)
        if forgets:
            forgetful.forget(at + timedelta(hours=1))
            forgetful = NetworkState.from_bytes(forgetful.to_bytes())
        for asked in WAYS:
            for later in (timedelta(hours=1), 2 * DAY, 43 * DAY):
                question = departure(at + later, asked, number)
                np.testing.assert_array_equal(feature_row(question, forgetful), feature_row(question, kept))


def sizes_over(days: Iterable[int]) -> list[tuple[dict[str, int], int]]:
    """Names and bytes after each day of a network with trains that run once and never again, and a new line a week."""
    state, sizes = NetworkState(), []
    for day in days:
        at = NOON + day * DAY
        run(state, at, ("A", "B", "C"), "daily")
        run(state, at, ("B", "C"), f"relief {day}")
        run(state, at, (f"works {day // 7}", "C"), "diverted")
        state.observe_cancelled_stop(f"closed {day}", at)
        state.forget(at + timedelta(hours=1))
        sizes.append((keys(state), len(state.to_bytes())))
    return sizes


def test_the_state_grows_for_six_weeks_and_never_again() -> None:
    sizes = sizes_over(range(KEPT_DAYS + 1 + 120))
    full, later = sizes[KEPT_DAYS], sizes[KEPT_DAYS + 1 :]
    for found, written in later:
        assert all(found[space] <= full[0][space] for space in SPACES), (full, found)
        assert written < 1.1 * full[1]
    assert full[0]["train"] > KEPT_DAYS, "it remembers as long as it says"


def test_a_state_that_forgot_holds_no_rows_of_the_forgotten() -> None:
    state = NetworkState()
    for number in range(500):
        run(state, NOON, ("B", "C"), str(number))
    state.forget(NOON + (KEPT_DAYS + 2) * DAY)
    tables = NamedTables.from_bytes(state.to_bytes()).tables
    assert len(tables.train_past) == 1
    assert len(tables.service_bucket_past) == 7
