"""Promotion, retraining and calibration with a real registry: aliases move only when every rule holds."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import mlflow
import msgspec
import numpy as np
import polars as pl
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.serving import serving
from tests.training.conftest import Trained
from training import (
    batch_scoring,
    evaluation,
    evaluation_report,
    examples,
    model_registry,
    model_training,
    promotion,
    retraining,
    thresholds,
)
from zielzeit import settings as configuration
from zielzeit.errors import UserError
from zielzeit.features.definition import FEATURES
from zielzeit.model.delay_model import OUTPUTS, load_model
from zielzeit.settings import Settings

ROUNDS = {"growth": 20, "p10": 10, "p90": 10, "cancelled": 5}
RULES = thresholds.load()
GOOD = {"n": 100, "mae": 2.0, "skill": 0.1, "coverage": 0.8}


@pytest.mark.parametrize(
    ("challenger", "champion", "broken"),
    [
        ({"RB": GOOD}, None, []),
        ({}, None, ["no train of any class arrived"]),
        ({}, {}, ["no train of any class arrived"]),
        ({"RB": GOOD}, {"RB": GOOD}, []),
        ({"RB": GOOD | {"coverage": 0.6}}, None, ["coverage 0.600"]),
        ({"RB": GOOD | {"skill": -0.1}}, None, ["skill -0.100"]),
        ({"RB": GOOD | {"mae": 2.01}}, {"RB": GOOD}, ["MAE 1.0050"]),
        ({"RB": GOOD}, {"RB": GOOD, "RE": GOOD}, ["RE: the champion has this class"]),
        (
            {"RB": GOOD | {"mae": 1.0}, "RE": GOOD | {"mae": 2.2, "n": 10}},
            {"RB": GOOD, "RE": GOOD | {"n": 10}},
            ["RE: MAE 1.1000"],
        ),
    ],
)
def test_every_rule_can_stop_a_promotion(challenger: dict, champion: dict | None, broken: list[str]) -> None:
    said = promotion.broken_rules(challenger, champion, RULES.promotion)
    assert len(said) == len(broken)
    assert all(expected in reason for expected, reason in zip(broken, said, strict=True))


def test_thresholds_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("[promotion]\nnewest_days = 'seven'\n")
    with pytest.raises(UserError, match=r"rules\.toml"):
        thresholds.load(tmp_path / "rules.toml")


@pytest.mark.slow
def test_a_command_gives_up_a_registry_that_fails_after_two_retries_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fail(request: Request) -> JSONResponse:
        asked.append(request.url.path)
        return JSONResponse({}, status_code=503)

    for name in ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    with serving(Starlette(routes=[Route("/{path:path}", fail)])) as uri:
        config = configuration.load(mlflow_uri=uri.replace("://", "://user:secret@"), local_dir=tmp_path)
        with pytest.raises(UserError, match=f"MLflow server at {uri} cannot be used") as refused:
            model_registry.connect(config)
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    assert len(asked) == 3
    assert "secret" not in str(refused.value)
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "30"


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("https", 443)])
def test_a_named_registry_that_is_away_is_an_error_and_no_other_store_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, port: int
) -> None:
    asked = []

    def refuse(address: tuple[str, int], timeout: float) -> None:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(model_registry.socket, "create_connection", refuse)
    config = configuration.load(mlflow_uri=f"{scheme}://user:secret@registry.example", local_dir=tmp_path)
    with pytest.raises(UserError, match=f"no MLflow server answers at {scheme}://registry.example: ") as refused:
        model_registry.connect(config)
    assert asked == [("registry.example", port)]
    assert "secret" not in str(refused.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_without_a_named_registry_the_commands_say_that_they_keep_models_in_a_store_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("ZIELZEIT_MLFLOW_URI", raising=False)
    monkeypatch.setattr(model_registry, "_answers", lambda _: False)
    assert model_registry.connect(configuration.load(local_dir=tmp_path)) == model_registry.address()
    assert (tmp_path / "mlflow-local" / "mlflow.db").is_file()
    (told,) = [record.getMessage() for record in caplog.records if record.name == model_registry.__name__]
    assert told.startswith("no MLflow server answers at http://127.0.0.1:5000: the models are in sqlite:///")
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A registry without a server."""
    folder = tmp_path_factory.mktemp("local")
    config = configuration.load(mlflow_uri=f"sqlite:///{folder}/registry.db", local_dir=folder)
    model_registry.connect(config)
    return config


@pytest.fixture(scope="module")
def lenient() -> thresholds.Thresholds:
    """Rules for a small simulated railway, whose intervals are rough."""
    promotion = msgspec.structs.replace(RULES.promotion, newest_days=4, coverage_lowest=0.5, coverage_highest=1.0)
    data = msgspec.structs.replace(RULES.data, label_rate_lowest=0.5, rows_lowest=0.1, delay_shift=10.0)
    return thresholds.Thresholds(promotion=promotion, data=data)


@pytest.mark.slow
def test_retrain_promotes_once_per_day_and_rolls_back(
    store: Settings, examples_folder: Path, lenient: thresholds.Thresholds, tmp_path: Path
) -> None:
    newest = examples.days(examples_folder)[-1]

    def retrain():
        return retraining.retrain(store, examples_folder, [], today=newest, rules=lenient, rounds=ROUNDS)

    first = retrain()
    assert first.result is not None
    assert first.result.promoted, first.result.reasons
    assert retrain().done_before
    client = mlflow.MlflowClient()
    assert str(client.get_model_version_by_alias(store.model_name, "champion").version) == "1"
    with pytest.raises(UserError, match="is the champion already"):
        promotion.promote(store, examples_folder, lenient.promotion)
    with pytest.raises(UserError, match="no previous champion"):
        promotion.roll_back(store)
    client.set_registered_model_alias(store.model_name, model_registry.PREVIOUS, "1")
    _register_worse(store, examples_folder, tmp_path)
    result = promotion.promote(store, examples_folder, lenient.promotion)
    assert not result.promoted
    assert any("MAE" in reason for reason in result.reasons)
    assert str(client.get_model_version_by_alias(store.model_name, "champion").version) == "1"
    assert "MAE" in client.get_model_version(store.model_name, "2").tags["promotion"]
    client.set_registered_model_alias(store.model_name, "champion", "2")
    assert promotion.roll_back(store) == ("2", "1")
    with pytest.raises(UserError, match="has no version 9; versions: 1, 2"):
        promotion.make_champion(store, "9")
    with pytest.raises(UserError, match=r"version 1 of .* is the champion already"):
        promotion.make_champion(store, "1")
    assert promotion.make_champion(store, "2") == "1"
    assert str(client.get_model_version_by_alias(store.model_name, "champion").version) == "2"
    assert client.get_model_version(store.model_name, "2").tags["promoted_by_hand"]
    assert promotion.roll_back(store) == ("2", "1")


def _register_worse(store: Settings, folder: Path, scratch: Path) -> None:
    until = examples.days(folder)[-8]
    card = model_training.train(folder, until, scratch, seed=1, rounds=ROUNDS | {"growth": 1})
    model_registry.register(store, scratch, card, folder, parameters={}, alias=model_registry.CHALLENGER)


@pytest.mark.slow
@pytest.mark.parametrize(("late", "cut"), [(30, "stale"), (0, "missing")])
def test_data_that_is_not_fit_changes_nothing(
    late: int, cut: str, store: Settings, examples_folder: Path, tmp_path: Path
) -> None:
    days = examples.days(examples_folder)
    for day in days:
        table = examples.read(examples_folder, day, day).drop("day")
        examples.write_day(tmp_path, day, table.head(20) if cut == "missing" and day >= days[-3] else table)
    before = len(mlflow.MlflowClient().search_model_versions(f"name='{store.model_name}'"))
    with pytest.raises(UserError, match=cut):
        retraining.retrain(store, tmp_path, [], today=days[-1] + timedelta(days=late), rules=RULES, rounds=ROUNDS)
    assert len(mlflow.MlflowClient().search_model_versions(f"name='{store.model_name}'")) == before


@pytest.mark.slow
def test_stream_batch_and_rest_flavour_score_alike(
    store: Settings, examples_folder: Path, trained: Trained, tmp_path: Path
) -> None:
    day = examples.days(examples_folder)[-2]
    uri, _, _ = model_registry.register(
        store, trained.folder, trained.card, examples_folder, parameters={}, alias="test"
    )
    model, _ = model_registry.fetch(uri)
    batch_scoring.predict(model, examples_folder, day, day, tmp_path / "scores.parquet")
    scores = pl.read_parquet(tmp_path / "scores.parquet").select(OUTPUTS).to_numpy()
    rows = examples.read(examples_folder, day, day).select(FEATURES)
    served = mlflow.pyfunc.load_model(uri).predict(rows.to_pandas().astype("float64")).to_numpy()
    np.testing.assert_allclose(served, scores)
    for row, expected in list(zip(rows.iter_rows(), scores, strict=True))[:200]:
        score = model.predict([row])[0]
        np.testing.assert_allclose([getattr(score, name) for name in OUTPUTS], expected, atol=1e-9)
    pickles = [
        path
        for path in Path(model_registry.fetch(uri)[1]).parent.parent.rglob("*")
        if path.suffix in (".pkl", ".pickle")
    ]
    assert pickles == []


@pytest.mark.slow
def test_the_champion_is_calibrated_once_per_day_and_its_medians_stay(
    store: Settings, examples_folder: Path, trained: Trained
) -> None:
    days = examples.days(examples_folder)
    config = store.model_copy(update={"model_name": "to-calibrate"})
    model_registry.register(
        config, trained.folder, trained.card, examples_folder, parameters={}, alias=config.model_alias
    )
    uri = retraining.calibrate(config, examples_folder)
    assert uri == "models:/to-calibrate/2"
    before, after = (
        model_registry.fetch("models:/to-calibrate/1")[0],
        model_registry.fetch("models:/to-calibrate@champion")[0],
    )
    assert after.card.calibrated_until == str(days[-1])
    assert after.card.calibration != before.card.calibration
    rows = examples.read(examples_folder, days[-1], days[-1]).select(FEATURES).to_numpy().astype(float)
    np.testing.assert_array_equal(before.matrix(rows)[:, [0, 3]], after.matrix(rows)[:, [0, 3]])
    assert retraining.calibrate(config, examples_folder) is None


@pytest.mark.slow
def test_intervals_calibrated_for_a_day_are_those_that_evaluation_uses_on_it(
    examples_folder: Path, trained: Trained
) -> None:
    days = examples.days(examples_folder)
    model = load_model(trained.folder)
    expected = evaluation.evaluate(model, examples_folder, days[-3], days[-3])["RB"]
    found = evaluation.score(evaluation.recalibrated(model, examples_folder, days[-3]), expected.data)
    np.testing.assert_allclose(found.low, expected.low)
    np.testing.assert_allclose(found.high, expected.high)


@pytest.mark.slow
def test_the_report_is_one_page_with_all_classes(examples_folder: Path, trained: Trained, tmp_path: Path) -> None:
    days = examples.days(examples_folder)
    scored = evaluation.evaluate(load_model(trained.folder), examples_folder, days[-5], days[-2])
    figures = {"model": str(trained.folder), "from": str(days[-5]), "to": str(days[-2]), **evaluation.summary(scored)}
    evaluation_report.write(tmp_path / "report.html", figures, scored, examples_folder, trained.folder)
    page = (tmp_path / "report.html").read_text()
    assert all(f"<h2>{evaluation_report.title(name)}</h2>" in page for name in scored)
    cancelling = [name for name, part in scored.items() if part.data.cancelled.any()]
    assert page.count("data:image/png") == 3 * len(scored) + len(cancelling)
    assert page.count("No destination was cancelled") == len(scored) - len(cancelling)
