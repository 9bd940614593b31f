"""With which state of the network a job begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from zielzeit.features.definition import FEATURES
from zielzeit.features.initial_state import network_at
from zielzeit.features.network_state import Arrival, FeatureInput, NetworkState, feature_row

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def departure(at: datetime, delay: int = 2) -> FeatureInput:
    return FeatureInput(
        category="RE",
        number="4711",
        line="7",
        station="A",
        destination="B",
        scheduled=at,
        decided_at=at + timedelta(minutes=delay + 7),
        delay=delay,
        horizon=30.0,
        route_ahead=("B",),
    )


def minute(at: datetime) -> int:
    return int(at.timestamp() // 60)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The state after ten days on which the train always grew by eight minutes."""
    state = NetworkState()
    for day in range(10):
        seen = departure(NOON + timedelta(days=day))
        state.observe_departure(seen)
        decided_at = seen.decided_at + timedelta(minutes=40)
        state.observe_arrival(Arrival(departures=(seen,), delay=10, decided_at=decided_at, last_hop_minutes=30.0))
    path = tmp_path / "network.bin"
    path.write_bytes(state.to_bytes())
    return path


def features(state: NetworkState, at: datetime) -> dict[str, float]:
    return dict(zip(FEATURES, feature_row(departure(at), state), strict=True))


def test_the_day_after_the_history_its_days_are_known(file: Path) -> None:
    today = NOON + timedelta(days=10)
    found = features(network_at(minute(today), file), today)
    assert found["train_growth"] > 5
    assert found["train_weight"] > 3


def test_a_state_of_months_ago_does_not_pretend_to_be_recent(file: Path) -> None:
    today = NOON + timedelta(days=240)
    found, unknown = features(network_at(minute(today), file), today), features(NetworkState(), today)
    fastest = FEATURES.index("ahead_fastest")  # the timetable's running times do not age
    slack = FEATURES.index("slack")
    same = [index for index in range(len(FEATURES)) if index not in (fastest, slack)]
    np.testing.assert_allclose(np.array(list(found.values()))[same], np.array(list(unknown.values()))[same], atol=0.01)


def test_a_state_of_the_future_is_refused(file: Path) -> None:
    assert network_at(minute(NOON), file).newest() == 0


@pytest.mark.parametrize("content", [None, b"", b"no state"])
def test_without_a_readable_state_the_job_begins_with_an_empty_one(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "network.bin"
    if content is not None:
        path.write_bytes(content)
    assert network_at(minute(NOON), path).newest() == 0
    assert network_at(minute(NOON), None).newest() == 0
