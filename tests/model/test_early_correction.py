"""What is still to be added to a delay shown early: each value is predicted, and the prediction is their mixture."""

from __future__ import annotations

import pytest

from tests.model.test_predict_early import early, message, scorer
from zielzeit.events.structs import ModelOutput
from zielzeit.features.network_state import NetworkState
from zielzeit.model.early_correction import LEARNT, TENTHS, expected, group, group_name, mixture, still_to_come
from zielzeit.model.predict import OneModel, ServedModel
from zielzeit.model.predict_early import predict_early

LATER = (0, 0, 0, 0, 0, 0, 1, 3, 6, 12)


class Certain:
    """A model that adds nothing to the delay and is sure within a minute."""

    def predict(self, rows: list[list[float]]) -> list[ModelOutput]:
        return [
            ModelOutput(predicted_delay=row[2], p10=row[2] - 1, p90=row[2] + 1, cancel_probability=row[2] / 100)
            for row in rows
        ]


def output(delay: float, off: float | None = 1.0, cancelled: float | None = 0.01) -> ModelOutput:
    low, high = (None, None) if off is None else (delay - off, delay + off)
    return ModelOutput(predicted_delay=delay, p10=low, p90=high, cancel_probability=cancelled)


def mixed(added: tuple[int, ...], off: float | None = 1.0) -> ModelOutput:
    return mixture([output(5.0 + by, off) for by in added], [1] * len(added))


def test_without_anything_learnt_the_delay_shown_counts() -> None:
    assert still_to_come(message(early()), {}) == (0,)
    assert mixture([output(5.0)], [10]) == output(5.0)


def test_what_may_be_added_moves_the_median_and_widens_the_interval_on_its_side() -> None:
    made = mixed(LATER)
    assert made.p10 is not None
    assert made.p90 is not None
    assert 5.0 < made.predicted_delay < 6.0
    assert 4.0 < made.p10 < 4.4
    assert 11.0 < made.p90 < 17.0
    assert made.cancel_probability == pytest.approx(0.01)


def test_a_mixture_of_equals_is_each_of_them() -> None:
    made = mixture([output(5.0)] * 3, [1, 2, 3])
    assert (made.predicted_delay, made.p10, made.p90) == pytest.approx((5.0, 4.0, 6.0), abs=0.01)


@pytest.mark.parametrize(("added", "median"), [((0, 0, 0, 4, 4), 5.0), ((0, 0, 4, 4, 4), 9.0)])
def test_without_an_interval_the_median_of_the_values_counts_and_no_interval_is_made_up(
    added: tuple[int, ...], median: float
) -> None:
    made = mixed(added, off=None)
    assert made.predicted_delay == pytest.approx(median, abs=0.01)
    assert (made.p10, made.p90) == (None, None)


def test_a_chance_that_is_not_known_of_one_value_is_not_known() -> None:
    assert mixture([output(5.0), output(6.0, cancelled=None)], [1, 1]).cancel_probability is None


def test_each_value_is_predicted_and_the_record_tells_the_delay_shown_and_the_expected_one() -> None:
    told = message(early(delay=4))
    learnt = {group(told): (0, 0, 0, 0, 0, 0, 0, 10, 10, 10)}
    models = OneModel(ServedModel(Certain(), "m", "1"))  # type: ignore[arg-type]
    made = predict_early(told, NetworkState(), models, learnt)
    assert (made.shown_delay, made.delay) == (4, 7)
    assert made.predicted_delay is not None
    assert made.p10 is not None
    assert made.p90 is not None
    assert 4.0 < made.predicted_delay < 5.0
    assert 2.9 < made.p10 < 3.3
    assert 13.0 < made.p90 < 15.0
    assert made.cancel_probability == pytest.approx(0.07)
    plain = predict_early(told, NetworkState(), models, {})
    assert (plain.delay, plain.predicted_delay, plain.p10, plain.p90) == (4, 4.0, 3.0, 5.0)


@pytest.mark.parametrize("name", LEARNT)
def test_what_was_learnt_is_a_distribution_of_a_group_that_exists(name: str) -> None:
    names = {
        group_name(starts_here=starts, delay=delay, news=news, waited=waited)
        for starts in (True, False) for delay in (0, 2, 9) for news in ("posted", "awaited", "gone")
        for waited in (2, 4, 6)
    }  # fmt: skip
    assert name in names
    assert len(LEARNT[name]) == TENTHS
    assert list(LEARNT[name]) == sorted(LEARNT[name])


@pytest.mark.parametrize("waited", [-10.0, 0.5, 8.0, 40.0])
def test_a_record_that_comes_before_the_departure_or_after_a_gap_is_not_corrected(waited: float) -> None:
    name = group_name(starts_here=True, delay=9, news="awaited", waited=waited)
    assert name not in LEARNT


def test_the_job_uses_what_was_learnt() -> None:
    told = message(early(news="awaited"))
    assert any(still_to_come(told))
    made = scorer()[0].on_early(told)
    assert made.delay == made.shown_delay + expected(still_to_come(told)) > made.shown_delay
