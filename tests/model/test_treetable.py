"""Trees walked by compiled code say what LightGBM says."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zielzeit.model.treetable import Matrix, score, scores, tree_table

WIDTH = 6
OBJECTIVES = (
    {"objective": "fair"},
    {"objective": "l1"},
    {"objective": "quantile", "alpha": 0.9},
    {"objective": "binary"},
)


def rows(count: int, seed: int) -> Matrix:
    """Values with ties, halves on thresholds, unknowns in every second feature, infinities in one."""
    random = np.random.default_rng(seed)
    made = random.normal(0, 3, (count, WIDTH)).round(1)
    made[:, ::2][random.random((count, WIDTH // 2)) < 0.2] = np.nan
    made[:, 5][random.random(count) < 0.1] = np.inf
    return made


def booster(parameters: dict[str, object], rounds: int = 30, leaves: int = 31) -> lgb.Booster:
    features = rows(3000, seed=1)
    noise = np.random.default_rng(2).normal(0, 1, 3000)
    label = np.nan_to_num(features[:, 0]) * features[:, 1] + np.isnan(features[:, 2]) * 3 + noise
    if parameters["objective"] == "binary":
        label = (label > 0).astype(float)
    common = {"verbose": -1, "num_leaves": leaves, "num_threads": 1, "min_data_in_leaf": 5}
    trained = lgb.train(common | parameters, lgb.Dataset(features, label), rounds)
    return lgb.Booster(model_str=trained.model_to_string())  # text rounds a threshold's last bit


@pytest.fixture(scope="module")
def boosters() -> list[lgb.Booster]:
    return [booster(parameters) for parameters in OBJECTIVES]


@given(count=st.integers(1, 40), seed=st.integers(0, 10_000))
@settings(max_examples=50, deadline=None)
def test_every_row_is_scored_as_lightgbm_scores_it(boosters: list[lgb.Booster], count: int, seed: int) -> None:
    wanted = rows(count, seed)
    wanted[0] = np.nan  # also features that were always known in training
    table = tree_table([each.model_to_string() for each in boosters])
    found = scores(table, wanted)
    for column, each in enumerate(boosters[:3]):
        assert np.array_equal(found[:, column], each.predict(wanted, num_threads=1))
    np.testing.assert_allclose(found[:, 3], boosters[3].predict(wanted, num_threads=1), rtol=1e-14)
    assert np.array_equal(found, [score(table, row) for row in wanted])


def test_a_tree_of_one_leaf_adds_its_value() -> None:
    stump = lgb.train(
        {"objective": "regression", "verbose": -1}, lgb.Dataset(rows(100, seed=1), np.full(100, 2.5)), num_boost_round=2
    )
    wanted = rows(9, seed=2)
    assert np.array_equal(scores(tree_table([stump.model_to_string()]), wanted)[:, 0], stump.predict(wanted))


def test_values_on_a_threshold_go_left_as_in_lightgbm(boosters: list[lgb.Booster]) -> None:
    table = tree_table([boosters[0].model_to_string()])
    # LightGBM takes values this close to 0 for 0; features are hundredths.
    inner = np.isfinite(table.thresholds) & (np.abs(table.thresholds) > 1e-30)
    wanted = np.repeat(table.thresholds[inner][:, None], WIDTH, axis=1)
    assert np.array_equal(scores(table, wanted)[:, 0], boosters[0].predict(wanted, num_threads=1))


def test_no_rows_no_scores(boosters: list[lgb.Booster]) -> None:
    table = tree_table([each.model_to_string() for each in boosters])
    assert scores(table, np.empty((0, WIDTH))).shape == (0, 4)


@pytest.mark.parametrize(
    "parameters",
    [
        {"objective": "poisson"},
        {"objective": "l1", "zero_as_missing": True},
        {"objective": "regression", "linear_tree": True},
    ],
    ids=["another objective", "zeros that are missing", "linear leaves"],
)
def test_what_zielzeit_never_trains_is_refused(parameters: dict[str, object]) -> None:
    features = np.abs(np.nan_to_num(rows(500, seed=3), posinf=9.0))
    model = lgb.train({"verbose": -1, **parameters}, lgb.Dataset(features, features[:, 0]), 3)
    with pytest.raises(ValueError, match="none of Zielzeit's"):
        tree_table([model.model_to_string()])


def test_categorical_splits_are_refused() -> None:
    random = np.random.default_rng(1)
    kinds = random.integers(0, 5, (500, 1)).astype(float)
    model = lgb.train({"verbose": -1}, lgb.Dataset(kinds, (kinds[:, 0] % 2) * 3, categorical_feature=[0]), 3)
    with pytest.raises(ValueError, match="categorical"):
        tree_table([model.model_to_string()])
