"""Errors and coverage are summed by train class, for the trains that arrived."""

from __future__ import annotations

import msgspec
import pytest

from tests.features.railway import START
from tests.model.forecasts import forecast
from tests.model.test_predict import DOUBLING, departure, ended
from tests.model.test_predict_early import early, message, predicted
from zielzeit.events.structs import EarlyOutcome, Outcome, Status
from zielzeit.metrics.recorder import Recorder
from zielzeit.model.outcome_metrics import count, count_early
from zielzeit.model.predict import OneModel, outcome


def counted(happened: Outcome | EarlyOutcome) -> dict[tuple[str, ...], int]:
    """What is counted for an outcome, by name and values of labels."""
    recorder = Recorder()
    if isinstance(happened, EarlyOutcome):
        count_early(happened, recorder)
    else:
        count(happened, recorder)
    return {(series.name, *(value for _, value in series.labels)): change for series, change in recorder.take().items()}


def arrived(delay: int) -> Outcome:
    """A train of class RE that left 4 minutes late: predicted are 8.12 minutes, between 4 and 12."""
    left = departure(delay=4)
    (scored,) = forecast([left], OneModel(DOUBLING))
    return outcome(scored, ended(left, delay=delay), START)[0]


@pytest.mark.parametrize(("delay", "covered"), [(4, 1), (12, 1), (13, 0), (-1, 0)])
def test_an_arrival_counts_both_errors_in_seconds_and_the_interval(delay: int, covered: int) -> None:
    expected = {
        ("outcomes_total", "arrived", "RE"): 1,
        ("absolute_error_seconds_total", "RE"): round(60 * abs(8.12 - delay)),
        ("persistence_absolute_error_seconds_total", "RE"): 60 * abs(4 - delay),
        ("intervals_total", "RE"): 1,
    }
    if covered:
        expected["intervals_covered_total", "RE"] = 1
    assert counted(arrived(delay)) == expected


def test_without_an_arrival_there_is_no_error_and_without_bounds_no_interval() -> None:
    happened = arrived(7)
    cancelled = msgspec.structs.replace(happened, status="cancelled", observed_delay=None)
    assert counted(cancelled) == {("outcomes_total", "cancelled", "RE"): 1}
    pointwise = msgspec.structs.replace(happened.prediction, p10=None, p90=None)
    names = {name for name, *_ in counted(msgspec.structs.replace(happened, prediction=pointwise))}
    assert names == {"outcomes_total", "absolute_error_seconds_total", "persistence_absolute_error_seconds_total"}


def told(revision: int = 0, observed: int | None = 9) -> EarlyOutcome:
    """A train of class RE shown 4 minutes late on a ride of half an hour, for which 6.5 minutes were predicted."""
    (made,) = predicted(message(early(delay=4)))
    made = msgspec.structs.replace(made, revision=revision, predicted_delay=6.5, p10=3.0, p90=8.0, horizon=30.0)
    status: Status = "cancelled" if observed is None else "arrived"
    return EarlyOutcome(early=made, status=status, known_at=START, observed_delay=observed)


def test_the_first_early_prediction_of_a_departure_is_counted_beside_the_decided_one() -> None:
    assert counted(told()) == {
        ("early_outcomes_total", "arrived", "RE"): 1,
        ("early_absolute_error_seconds_total", "RE"): 150,
        ("early_persistence_absolute_error_seconds_total", "RE"): 300,
        ("early_intervals_total", "RE"): 1,
        ("in_time_total", "early", "RE"): 1,
    }
    assert counted(told(observed=8))["early_intervals_covered_total", "RE"] == 1
    assert counted(told(observed=None)) == {("early_outcomes_total", "cancelled", "RE"): 1}
    assert counted(told(revision=1)) == {}


def test_a_prediction_is_in_time_if_it_comes_before_the_train_arrives() -> None:
    happened = arrived(7)
    for ride, in_time in ((None, False), (5.0, False), (60.0, True)):
        made = msgspec.structs.replace(happened.prediction, horizon=ride)
        counts = counted(msgspec.structs.replace(happened, prediction=made))
        assert (("in_time_total", "decided", "RE") in counts) is in_time
