"""What is still to be added to a delay shown early: its median moves the prediction, the rest widens the interval."""

from __future__ import annotations

import pytest

from tests.model.test_predict_early import early, message, scorer
from zielzeit.events.structs import ModelOutput
from zielzeit.features.network_state import NetworkState
from zielzeit.model.early_correction import LEARNT, LEVELS, group, group_name, middle, still_to_come, widened
from zielzeit.model.predict import OneModel, ServedModel
from zielzeit.model.predict_early import predict_early

LATER = (0, 0, 0, 0, 0, 0, 1, 3, 6, 12)
SURE = ModelOutput(predicted_delay=5.0, p10=3.0, p90=8.0, cancel_probability=0.01)


class Certain:
    """A model that adds nothing to the delay and is sure within a minute."""

    def predict(self, rows: list[list[float]]) -> list[ModelOutput]:
        return [
            ModelOutput(predicted_delay=row[2], p10=row[2] - 1, p90=row[2] + 1, cancel_probability=0.0) for row in rows
        ]


def test_without_anything_learnt_the_delay_shown_counts() -> None:
    assert still_to_come(message(early()), {}) == (0,)
    assert widened(SURE, (0,)) == SURE


def test_the_interval_is_widened_on_the_side_of_what_is_still_to_come() -> None:
    wider = widened(SURE, LATER)
    assert wider.predicted_delay == 5.0
    assert wider.p10 is not None
    assert wider.p90 is not None
    assert wider.p90 > 10.0
    assert 3.0 <= wider.p10 <= 4.0


def test_a_shift_of_everything_widens_nothing() -> None:
    assert widened(SURE, (4,) * 10) == SURE


def test_an_interval_that_the_model_does_not_give_is_not_made_up() -> None:
    bare = ModelOutput(predicted_delay=5.0, p10=None, p90=None, cancel_probability=None)
    assert widened(bare, LATER) == bare


def test_the_features_get_the_median_and_the_record_tells_both() -> None:
    told = message(early(delay=4))
    learnt = {group(told): (0, 1, 1, 2, 2, 2, 2, 5, 9, 20)}
    models = OneModel(ServedModel(Certain(), "m", "1"))  # type: ignore[arg-type]
    made = predict_early(told, NetworkState(), models, learnt)
    assert (made.shown_delay, made.delay, made.predicted_delay) == (4, 6, 6.0)
    assert made.p90 is not None
    assert made.p90 > 12.0
    plain = predict_early(told, NetworkState(), models, {})
    assert (plain.delay, plain.p10, plain.p90) == (4, 3.0, 5.0)


@pytest.mark.parametrize("name", LEARNT)
def test_what_was_learnt_is_a_distribution_of_a_group_that_exists(name: str) -> None:
    names = {
        group_name(starts_here=starts, delay=delay, moved=moved, waited=waited)
        for starts in (True, False) for delay in (0, 2, 9) for moved in (True, False) for waited in (3, 20)
    }  # fmt: skip
    assert name in names
    assert len(LEARNT[name]) == len(LEVELS)
    assert list(LEARNT[name]) == sorted(LEARNT[name])


def test_the_job_uses_what_was_learnt() -> None:
    told = message(early())
    made = scorer()[0].on_early(told)
    assert made.delay == made.shown_delay + middle(still_to_come(told))
