"""What the demo counts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deploy.demo.statistics import DemoStatistics
from zielzeit.events.structs import Decision, EarlyPrediction, Outcome, Prediction, Stage

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def prediction(identity: str, predicted: float = 4.0) -> Prediction:
    return Prediction(
        id=identity,
        station="Klarstadt",
        train="RE 7",
        category="RE",
        number="4711",
        line="7",
        destination="Moordorf",
        scheduled=NOON,
        departed_at=NOON,
        decided_at=NOON,
        delay=3,
        horizon=30.0,
        predicted_delay=predicted,
        p10=None,
        p90=None,
        cancel_probability=None,
        model_name="zielzeit-delay",
        model_version="3",
        model_run_id="",
    )


def early(identity: str, stage: Stage = "early") -> EarlyPrediction:
    shared = {
        name: getattr(prediction(identity), name)
        for name in Prediction.__struct_fields__
        if name in EarlyPrediction.__struct_fields__
    }
    told = {"revision": 0, "stage": stage, "reason": None, "told_at": NOON, "shown_delay": 3}
    if stage == "retracted":
        told |= {"revision": 1, "reason": "cancelled"}
        shared |= {"predicted_delay": None, "model_version": ""}
    return EarlyPrediction(**shared, **told)


def outcome(identity: str, observed: int | None, predicted: float = 4.0) -> Outcome:
    return Outcome(
        prediction=prediction(identity, predicted),
        status="cancelled" if observed is None else "arrived",
        known_at=NOON,
        observed_delay=observed,
    )


def decision(kind: str) -> Decision:
    return Decision(
        id="a",
        kind=kind,  # type: ignore[arg-type]
        station="Klarstadt",
        train="RE 7",
        category="RE",
        number="4711",
        line="7",
        destination="Moordorf",
        scheduled=NOON,
        delay=3,
        cancelled=False,
        realtime=True,
        last_seen=NOON,
        first_missing=None,
        decided_at=NOON,
        rule="settled",
        platform=None,
        starts_here=False,
        ends_here=False,
        route_ahead=("Moordorf",),
    )


def test_a_doubled_prediction_shows_in_the_count_of_distinct_ids() -> None:
    statistics = DemoStatistics()
    for identity in ("a", "b", "a"):
        statistics.take(prediction(identity))
    assert (statistics.predictions, statistics.distinct) == (3, 2)
    assert statistics.versions == {"3": 3}


def test_corrections_and_late_reports_are_no_decisions() -> None:
    statistics = DemoStatistics()
    for kind in ("departed", "terminated", "cancelled", "undecided", "corrected", "late"):
        statistics.take(decision(kind))
    assert statistics.decisions == 4


def test_errors_are_means_over_the_trains_that_arrived() -> None:
    statistics = DemoStatistics()
    assert statistics.errors is None
    statistics.take(outcome("a", None))
    assert statistics.errors is None
    statistics.take(outcome("b", observed=5, predicted=4.0))
    statistics.take(outcome("c", observed=3, predicted=3.5))
    assert statistics.errors is not None
    assert statistics.errors == pytest.approx((0.75, 1.0))
    assert statistics.errors.skill == pytest.approx(0.25)
    assert (statistics.outcomes, len(statistics.arrived)) == (3, 2)


def test_only_the_newest_are_kept() -> None:
    statistics = DemoStatistics(keep=2)
    for identity in "abc":
        statistics.take(prediction(identity))
    assert [each.id for each in statistics.newest] == ["b", "c"]


def test_an_early_departure_is_kept_until_it_is_decided_or_retracted() -> None:
    statistics = DemoStatistics()
    for record in (early("a"), early("b"), early("c")):
        statistics.take(record)
    assert list(statistics.early) == ["a", "b", "c"]
    statistics.take(early("a", "revised"))
    statistics.take(prediction("b"))
    statistics.take(early("c", "retracted"))
    assert list(statistics.early) == ["a"]
    statistics.take(early("b", "revised"))
    assert list(statistics.early) == ["a"], "topics are read side by side"
    assert statistics.stages == {"early": 3, "revised": 2, "retracted": 1}
