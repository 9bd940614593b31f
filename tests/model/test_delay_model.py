"""A model: a row scores alike in any batch, quantiles never cross, a folder that is not a model is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import lightgbm as lgb
import msgspec
import numpy as np
import pytest

from zielzeit.features.definition import FEATURES
from zielzeit.model.delay_model import BASELINE, FILE, HEADS, Calibration, ModelCard, checksum, file_name, load_model

WIDTH = len(FEATURES)
DELAY, HORIZON = FEATURES.index("delay"), FEATURES.index("horizon")


def rows(count: int, seed: int = 0, classes: int = 2) -> np.ndarray:
    """Random features of so many classes."""
    made = np.random.default_rng(seed).normal(5, 10, (count, WIDTH)).round(2)
    made[:, 0] = np.arange(count) % classes
    made[::7, 9] = np.nan
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models for long distance and RE, none for RB."""
    folder = tmp_path_factory.mktemp("model")
    features = rows(3000, classes=1)
    growth = 0.3 * features[:, DELAY] + np.random.default_rng(1).normal(0, 3, 3000)
    common = {"verbose": -1, "num_leaves": 15, "num_threads": 1}
    for name in ("long_distance", "RE"):
        for head in HEADS:
            parameters = {
                "growth": {"objective": "l1"},
                "p10": {"objective": "quantile", "alpha": 0.1},
                "p90": {"objective": "quantile", "alpha": 0.9},
                "cancelled": {"objective": "binary"},
            }[head]
            label = (growth > 8).astype(float) if head == "cancelled" else growth
            booster = lgb.train(common | parameters, lgb.Dataset(features, label), 20)
            (folder / file_name(name, head)).write_text(booster.model_to_string())
    calibration = {"long_distance": Calibration((60.0,), (1.5, -20.0))}
    files = {path.name: checksum(path) for path in folder.glob("*.txt")}
    card = ModelCard(features=FEATURES, calibration=calibration, files=files)
    (folder / FILE).write_bytes(msgspec.json.encode(card))
    return folder


@pytest.mark.parametrize("size", [1, 7, 60])
def test_predictions_do_not_depend_on_the_batch(size: int, folder: Path) -> None:
    model = load_model(folder)
    many = rows(60, seed=2, classes=3)
    together = model.predict(many)
    parts = [model.predict(many[start : start + size].tolist()) for start in range(0, len(many), size)]
    assert [score for part in parts for score in part] == together


def test_each_output_is_what_lightgbm_predicts_for_the_row(folder: Path) -> None:
    row = rows(1, seed=4)[0]
    growth, low, high, cancelled = (
        lgb.Booster(model_file=folder / file_name("long_distance", head)).predict(row[None])[0] for head in HEADS
    )
    widen = 1.5 if row[HORIZON] < 60 else -20.0
    (score,) = load_model(folder).predict([row])
    assert score.predicted_delay == row[DELAY] + growth
    assert score.p10 == row[DELAY] + min(min(low, high, growth) - widen, growth)
    assert score.p90 == row[DELAY] + max(max(low, high, growth) + widen, growth)
    assert score.cancel_probability == cancelled


def test_quantiles_never_cross(folder: Path) -> None:
    for score in load_model(folder).predict(rows(500, seed=3)):
        assert score.p10 is not None
        assert score.p90 is not None
        assert score.cancel_probability is not None
        assert score.p10 <= score.predicted_delay <= score.p90
        assert 0 <= score.cancel_probability <= 1


def test_a_class_without_a_model_stays_at_its_delay(folder: Path) -> None:
    row = rows(1)[0]
    row[0] = 2
    score = load_model(folder).predict([row])[0]
    assert (score.predicted_delay, score.p10) == (row[DELAY], None)
    assert BASELINE.predict([row])[0].predicted_delay == row[DELAY]


def test_nothing_in_nothing_out(folder: Path) -> None:
    assert load_model(folder).predict([]) == []


def test_rows_of_another_width_are_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="features"):
        load_model(folder).predict([(1.0, 2.0)])


def test_a_model_of_other_features_is_refused(folder: Path, tmp_path: Path) -> None:
    card = msgspec.json.decode((folder / FILE).read_bytes())
    card["features"] = [*card["features"][:-1], "moon_phase"]
    (tmp_path / FILE).write_bytes(msgspec.json.encode(card))
    with pytest.raises(ValueError, match="moon_phase"):
        load_model(tmp_path)


def test_a_damaged_booster_is_refused_before_it_is_read(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "damaged")
    path = tmp_path / "damaged" / file_name("RE", "p10")
    path.write_text(path.read_text().replace("leaf_value=", "leaf_value=9", 1))
    with pytest.raises(ValueError, match="RE-p10"):
        load_model(tmp_path / "damaged")


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]"])
def test_a_folder_that_is_no_model_is_refused(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ValueError, match="no model"):
        load_model(tmp_path)
