"""Departures are scored together, described by what was known before their minute, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import msgspec
import numpy as np
import pytest

from tests.features.railway import START, decision
from tests.model.forecasts import forecast
from zielzeit import berlin_time, train_classes
from zielzeit.berlin_time import BERLIN, MINUTE
from zielzeit.events.structs import ModelOutput
from zielzeit.features.network_state import FEATURES, NetworkState, feature_row
from zielzeit.metrics.recorder import Count, Recorder
from zielzeit.model.boosters import Boosters, Matrix
from zielzeit.model.delay_model import Calibration, LightGBMModel, ModelCard
from zielzeit.model.predict import ModelFault, OneModel, PendingPrediction, ServedModel, observe, outcome
from zielzeit.runs.messages import CancelledStop, Departure, Ending
from zielzeit.runs.tracker import follow
from zielzeit.runs.train_state import TrainState


class Doubling:
    """A model whose answer shows which row it was asked about."""

    def predict(self, rows: Sequence[Sequence[float]]) -> list[ModelOutput]:
        delay = FEATURES.index("delay")
        return [
            ModelOutput(
                predicted_delay=2 * row[delay] + 0.123456,
                p10=row[delay],
                p90=3 * row[delay],
                cancel_probability=0.45678,
            )
            for row in rows
        ]


DOUBLING = ServedModel(Doubling(), "doubling", "7", "run-1")


def departure(station: str = "A", delay: int = 4) -> Departure:
    (left,) = (
        one for one in follow(TrainState(), decision(station, 0, delay=delay), str) if isinstance(one, Departure)
    )
    return left


def ended(left: Departure, **fields: object) -> Ending:
    began = berlin_time.milliseconds(left.seen.scheduled) // MINUTE
    ending = Ending(status="arrived", delay=None, last_hop_minutes=math.nan, first_planned=began, departures=(left,))
    return msgspec.structs.replace(ending, **fields)


def test_each_departure_gets_the_score_of_its_own_row_and_the_models_name() -> None:
    scored = forecast([departure(delay=4), departure("B", 10)], OneModel(DOUBLING))
    assert [one.prediction.predicted_delay for one in scored] == [8.12, 20.12]
    first = scored[0].prediction
    assert (first.delay, first.p10, first.p90, first.cancel_probability) == (4, 4.0, 12.0, 0.4568)
    assert (first.model_name, first.model_version, first.model_run_id) == ("doubling", "7", "run-1")


def test_a_prediction_says_when_the_train_left_and_that_an_unknown_horizon_is_unknown() -> None:
    (scored,) = forecast([departure(delay=4)], OneModel())
    assert scored.prediction.departed_at == START + timedelta(minutes=4)
    assert scored.prediction.horizon is None
    assert (scored.prediction.predicted_delay, scored.prediction.model_version) == (4.0, "baseline")


def test_no_departures_need_no_model() -> None:
    assert forecast([], OneModel(DOUBLING)) == []


def test_observing_a_departure_changes_what_the_next_one_sees() -> None:
    state = NetworkState()
    before = repr(feature_row(departure("B").seen, state))
    observe([departure("B", 30), CancelledStop(id="x", station="B")], START, state)
    assert repr(feature_row(departure("B").seen, state)) != before


@pytest.mark.parametrize(
    ("began", "day"),
    [
        (datetime(2026, 3, 10, 23, 50, tzinfo=BERLIN), date(2026, 3, 10)),
        (datetime(2026, 3, 11, 2, 59, tzinfo=BERLIN), date(2026, 3, 10)),
        (datetime(2026, 3, 11, 3, 0, tzinfo=BERLIN), date(2026, 3, 11)),
    ],
)
def test_an_example_belongs_to_the_service_day_on_which_its_run_began(began: datetime, day: date) -> None:
    left = departure()
    (scored,) = forecast([left], OneModel())
    ending = ended(left, first_planned=berlin_time.milliseconds(began) // MINUTE)
    assert outcome(scored, ending, START)[1].service_day == day


@pytest.mark.parametrize("status", ["arrived", "cancelled", "unlabelled"])
def test_an_outcome_joins_the_prediction_with_what_happened(status: str) -> None:
    left = msgspec.structs.replace(departure(delay=4), station_eva="8000105", destination_eva="8000207")
    (scored,) = forecast([left], OneModel(DOUBLING))
    observed = 9 if status == "arrived" else None
    ending = ended(left, status=status, delay=observed)
    happened, example = outcome(scored, ending, START + timedelta(hours=2))
    assert (happened.prediction, happened.status, happened.observed_delay) == (scored.prediction, status, observed)
    known = None if status == "unlabelled" else status == "cancelled"
    assert (example.final_delay, example.cancelled) == (observed, known)
    assert (example.station_eva, example.destination_eva) == ("8000105", "8000207")
    assert tuple(example.features) == FEATURES
    assert example.features["horizon"] is None
    assert isinstance(scored, PendingPrediction)
    assert tuple(example.features.values()) == tuple(None if math.isnan(value) else value for value in scored.features)


def test_an_outcome_repeats_its_prediction_byte_for_byte_after_it_was_kept_in_state() -> None:
    left = departure()
    (scored,) = forecast([left], OneModel(DOUBLING))
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(scored), type=PendingPrediction)
    happened, _ = outcome(kept, ended(left), START)
    assert msgspec.json.encode(happened.prediction) == msgspec.json.encode(scored.prediction)


def test_an_unlabelled_ending_teaches_the_network_nothing() -> None:
    state = NetworkState()
    observe([departure()], START, state)
    before = repr(feature_row(departure("B").seen, state))
    observe([ended(departure(), status="unlabelled")], START, state)
    assert repr(feature_row(departure("B").seen, state)) == before


class Broken:
    """A model that answers wrongly or not at all."""

    def __init__(self, answer: Callable[[int], list[ModelOutput]]) -> None:
        self._answer = answer

    def predict(self, rows: Sequence[Sequence[float]]) -> list[ModelOutput]:
        return self._answer(len(rows))


class Succession:
    """Models in the order in which they take each other's place; persistence is the last one."""

    def __init__(self, *models: ServedModel) -> None:
        self.models = [*models, ServedModel()]
        self.refused: list[tuple[str, str]] = []

    def current(self) -> ServedModel:
        return self.models[0]

    def refuse(self, served: ServedModel, fault: ModelFault) -> None:
        assert self.models.pop(0) is served
        self.refused.append((served.version, str(fault)))


def _raise(count: int) -> list[ModelOutput]:
    raise IndexError(f"no bin for {count} rows")


def _infinite(count: int) -> list[ModelOutput]:
    return [ModelOutput(predicted_delay=math.inf, p10=None, p90=None, cancel_probability=None)] * count


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (_raise, "it raised IndexError: no bin for 2 rows"),
        (lambda count: [], "it gave 0 answers to 2 rows"),
        (_infinite, "it gave the answer ModelOutput(predicted_delay=inf"),
    ],
    ids=["raises", "too few", "infinite"],
)
def test_a_model_that_fails_in_use_is_refused_once_and_the_next_one_answers(
    answer: Callable[[int], list[ModelOutput]], said: str
) -> None:
    models, recorder = Succession(ServedModel(Broken(answer), "broken", "8", "run-8"), DOUBLING), Recorder()
    for _ in range(2):
        scored = forecast([departure(delay=4), departure("B", 10)], models, recorder)
        assert [one.prediction.predicted_delay for one in scored] == [8.12, 20.12]
        assert {one.prediction.model_run_id for one in scored} == {"run-1"}
    ((version, fault),) = models.refused
    assert version == "8"
    assert fault.startswith(said)
    counts = recorder.take()
    by_model = {dict(count.labels)["version"]: change for count, change in counts.items() if count.labels}
    assert by_model == {DOUBLING.version: 4}, "counted for the model that answered"
    assert counts[Count("persistence_predictions_total")] == 0


def test_persistence_answers_where_every_model_fails() -> None:
    models = Succession(ServedModel(Broken(_raise), "broken", "8", "run-8"))
    recorder = Recorder()
    (scored,) = forecast([departure(delay=4)], models, recorder)
    assert (scored.prediction.predicted_delay, scored.prediction.model_version) == (4.0, "baseline")
    assert recorder.take()[Count("persistence_predictions_total")] == 1


def test_a_calibration_that_lacks_a_bin_fails_at_its_horizons_and_persistence_answers() -> None:
    """As a model that was accepted before calibrations were checked."""

    class Ones(Boosters):
        def __init__(self) -> None:
            """No files."""

        def predict(self, rows: Matrix) -> Matrix:
            return np.ones((len(rows), 4))

    calibration = Calibration((60.0,), (0.0, 1.0))
    msgspec.structs.force_setattr(calibration, "widening", (0.0,))
    left = departure(delay=4)
    names = train_classes.CLASSES
    card = ModelCard(features=FEATURES, calibration=dict.fromkeys(names, calibration))
    model = LightGBMModel(card, {number: Ones() for number in range(len(names))})
    models = Succession(ServedModel(model, "accepted", "8", "run-8"))
    for horizon, version in ((30.0, "8"), (90.0, "baseline"), (30.0, "baseline")):
        far = msgspec.structs.replace(left, seen=msgspec.structs.replace(left.seen, horizon=horizon))
        (scored,) = forecast([far], models)
        assert (scored.prediction.horizon, scored.prediction.model_version) == (horizon, version)
    assert [version for version, _ in models.refused] == ["8"]
