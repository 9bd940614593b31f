"""What is still to be added to a delay shown early: the prediction is the mixture of all values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.forecasts import forecast_early
from tests.model.test_predict_early import early, message, predicted
from zielzeit.events.structs import ModelOutput
from zielzeit.model.early_correction import LEARNT, TENTHS, asked, expected, group, group_name, mixture, still_to_come
from zielzeit.model.predict import OneModel, ServedModel

LATER = (0, 0, 0, 0, 0, 0, 1, 3, 6, 12)


class Certain:
    """A model that adds nothing to the delay and is sure within a minute."""

    def predict(self, rows: list[list[float]]) -> list[ModelOutput]:
        return [
            ModelOutput(predicted_delay=row[2], p10=row[2] - 1, p90=row[2] + 1, cancel_probability=row[2] / 100)
            for row in rows
        ]


def output(delay: float, off: float | None = 1.0) -> ModelOutput:
    low, high = (None, None) if off is None else (delay - off, delay + off)
    return ModelOutput(predicted_delay=delay, p10=low, p90=high, cancel_probability=0.01)


def mixed(added: tuple[int, ...], off: float | None = 1.0) -> ModelOutput:
    """The mixture of a model that adds nothing to the delay, which is shown as 5 minutes."""
    return mixture({by: output(5.0 + by, off) for by in asked(added)}, added)


def test_without_anything_learnt_the_delay_shown_counts() -> None:
    assert still_to_come(message(early()), {}) == (0,)
    assert asked((0,)) == (0,)
    assert mixture({0: output(5.0)}, (0,)) == output(5.0)


def test_the_model_is_asked_for_the_usual_value_and_the_mean_of_all_others() -> None:
    assert asked(LATER) == (0, 6)
    assert asked((3,) * TENTHS) == (3,)
    assert asked((-4, 0, 0, 0, 0, 0, 0, 0, 0, 2)) == (-1, 0)


def test_what_may_be_added_moves_the_median_and_widens_the_interval_on_its_side() -> None:
    made = mixed(LATER)
    assert made.p10 is not None
    assert made.p90 is not None
    assert 5.0 < made.predicted_delay < 6.0
    assert 4.0 < made.p10 < 4.4
    assert 11.0 < made.p90 < 17.0
    assert made.cancel_probability == pytest.approx(0.01)


def test_between_two_values_that_were_asked_the_answer_is_in_proportion_and_beyond_them_it_is_moved() -> None:
    caught_up = {0: output(4.0), 6: output(7.0)}  # half of what is added is made good on the way
    whole = (0, 0, 0, 0, 0, 0, 2, 4, 6, 12)
    exact = {0: output(4.0), 2: output(5.0), 4: output(6.0), 6: output(7.0), 12: output(13.0)}
    assert mixture(caught_up, whole) == mixture(exact, whole)


@given(
    st.lists(st.integers(-10, 40), min_size=TENTHS, max_size=TENTHS).map(sorted),
    st.floats(0, 30),
    st.floats(0, 30),
)
def test_an_interval_is_in_order_and_inside_of_what_may_be(added: list[int], below: float, above: float) -> None:
    made = mixture(
        {
            by: ModelOutput(
                predicted_delay=5.0 + by, p10=5.0 + by - below, p90=5.0 + by + above, cancel_probability=None
            )
            for by in asked(tuple(added))
        },
        tuple(added),
    )
    assert made.p10 is not None
    assert made.p90 is not None
    assert made.p10 <= made.predicted_delay <= made.p90
    assert 5.0 + min(added) - 2 * below <= made.p10
    assert made.p90 <= 5.0 + max(added) + 2 * above
    assert made.cancel_probability is None


@pytest.mark.parametrize(("added", "median"), [((0, 0, 0, 4, 4), 5.0), ((0, 0, 4, 4, 4), 9.0)])
def test_without_an_interval_the_median_of_the_values_counts_and_no_interval_is_made_up(
    added: tuple[int, ...], median: float
) -> None:
    made = mixed(added, off=None)
    assert (made.predicted_delay, made.p10, made.p90) == (median, None, None)


def test_the_mixture_is_told_with_the_delay_shown_and_the_expected_one() -> None:
    told = message(early(delay=4))
    learnt = {group(told): (0, 0, 0, 0, 0, 0, 0, 10, 10, 10)}
    models = OneModel(ServedModel(Certain(), "m", "1"))  # type: ignore[arg-type]
    gone = message(early(stage="retracted", revision=1, reason="cancelled"))
    made, retracted, again = forecast_early([told, gone, told], models, learnt)
    assert again == made
    assert retracted.predicted_delay is None
    assert (made.shown_delay, made.delay) == (4, 7)
    assert made.predicted_delay is not None
    assert made.p10 is not None
    assert made.p90 is not None
    assert 4.0 < made.predicted_delay < 5.0
    assert 2.9 < made.p10 < 3.3
    assert 13.0 < made.p90 < 15.0
    assert made.cancel_probability == pytest.approx(0.07)
    (plain,) = forecast_early([told], models, {})
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
    (made,) = predicted(told)
    assert made.delay == made.shown_delay + expected(still_to_come(told)) > made.shown_delay
