"""A measured skill is valid: features know no future, no run is on both sides of a split, no label leaks."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from tests.training.conftest import ROUNDS, Trained
from training import boosting, calibration, dataset, evaluation, examples, model_training
from training.history.importing import import_history
from training.history.moments import Moments
from zielzeit import train_classes
from zielzeit.errors import UserError
from zielzeit.features.definition import FEATURES
from zielzeit.model.delay_model import FILE, load_model
from zielzeit.settings import load

pytestmark = pytest.mark.slow


def test_too_short_a_history_is_told(examples_folder: Path, tmp_path: Path) -> None:
    until = examples.days(examples_folder)[8]
    with pytest.raises(UserError, match="too few days"):
        model_training.train(examples_folder, until, tmp_path, seed=1, rounds=ROUNDS)


def test_a_model_beats_persistence_on_days_it_has_not_seen(examples_folder: Path, trained: Trained) -> None:
    days = examples.days(examples_folder)
    scored = evaluation.evaluate(load_model(trained.folder), examples_folder, days[-6], days[-2])
    figures = evaluation.summary(scored)["classes"]
    assert figures["RB"]["skill"] > 0.02
    assert 0.7 < figures["RB"]["coverage"] < 0.9
    assert set(figures["RB"]["horizons"]) <= set(calibration.bin_names())
    wanted = {"n", "mae", "mae_persistence", "skill", "rmse", "coverage", "width"}
    assert wanted <= set(figures["RB"])
    assert all(wanted <= set(part) for part in figures["RB"]["horizons"].values())
    assert sum(part["n"] for part in figures["RB"]["horizons"].values()) == figures["RB"]["n"]


def test_a_class_without_a_model_is_not_evaluated(examples_folder: Path, trained: Trained, tmp_path: Path) -> None:
    model = shutil.copytree(trained.folder, tmp_path / "model")
    card = msgspec.json.decode((model / FILE).read_bytes())
    del card["calibration"]["RB"]
    for path in model.glob("RB-*.txt"):
        path.unlink()
    (model / FILE).write_bytes(msgspec.json.encode(card))
    days = examples.days(examples_folder)
    scored = evaluation.evaluate(load_model(model), examples_folder, days[-6], days[-2])
    assert scored.keys() == card["calibration"].keys()
    assert scored.keys()


def test_shuffled_labels_give_no_skill(examples_folder: Path) -> None:
    days = examples.days(examples_folder)
    train = dataset.load(examples_folder, train_classes.RB, days[5], days[-10])
    growth = np.random.default_rng(0).permutation(train.growth)
    shuffled = dataset.Examples(
        train.features, train.column("delay") + growth, train.cancelled, train.day, train.labelled
    )
    booster = boosting.fit(shuffled, seed=1, rounds=ROUNDS)["growth"]
    later = dataset.load(examples_folder, train_classes.RB, days[-6], days[-2])
    later = later.where(~np.isnan(later.final))
    median = np.nanmedian(growth)
    error = np.abs(later.growth - booster.predict(later.features)).mean()
    assert error >= 0.98 * np.abs(later.growth - median).mean()


def test_no_run_is_on_both_sides_of_a_split(examples_folder: Path) -> None:
    table = examples.read(examples_folder)
    runs = table.group_by("category", "number", pl.col("labelled_at")).agg(pl.col("day").n_unique())
    assert runs["day"].max() == 1


def test_no_feature_tells_one_run_from_all_others(examples_folder: Path) -> None:
    """A feature whose value hardly ever recurs in another run would let a tree learn labels by heart."""
    table = examples.read(examples_folder).filter(pl.col("train_class") == train_classes.RB)
    run = pl.struct("category", "number", "day")
    constant_in_run = []
    for name in FEATURES:
        within = table.group_by(run).agg(pl.col(name).n_unique()).get_column(name).mean()
        distinct = table.group_by(name).agg(run.n_unique().alias("runs"))
        alone = distinct.filter(pl.col("runs") == 1).height / max(table.select(run.n_unique()).item(), 1)
        if within < 1.5 and alone > 0.5:
            constant_in_run.append(name)
    assert constant_in_run == []


def test_features_know_nothing_of_what_happens_after_the_decision(history: Path, tmp_path: Path) -> None:
    """A day replayed twice: the second time everything after a moment is unknown or different."""
    whole = pl.read_parquet(history)
    cut = whole["date"].min() + timedelta(days=6)
    noon = 12 * 60
    after = (pl.col("date") > cut) | ((pl.col("date") == cut) & (pl.col("planned_minute_of_day") > noon))
    changed = whole.with_columns(
        arr_delay_min=pl.when(after).then(pl.col("arr_delay_min") + 17).otherwise("arr_delay_min"),
        dep_delay_min_if_differs=pl.when(after).then(99).otherwise("dep_delay_min_if_differs").cast(pl.Int16),
    )
    changed.write_parquet(tmp_path / "changed.parquet")
    whole.write_parquet(tmp_path / "whole.parquet")
    tables = []
    for name in ("whole", "changed"):
        import_history([tmp_path / f"{name}.parquet"], tmp_path / name, Moments.of(load()))
        table = examples.read(tmp_path / name)
        moment = pl.datetime(cut.year, cut.month, cut.day, 10, 40, time_zone="UTC")  # 11:40 in Berlin, before noon
        tables.append(table.filter(pl.col("decided_at") <= moment).sort("decided_at", "number", "station"))
    assert len(tables[0]) > 1000
    assert tables[0].select(FEATURES).equals(tables[1].select(FEATURES), null_equal=True)


def test_days_near_the_training_are_refused(examples_folder: Path, trained: Trained) -> None:
    days = examples.days(examples_folder)
    with pytest.raises(UserError, match="was trained on days until"):
        evaluation.evaluate(load_model(trained.folder), examples_folder, days[-9], days[-2])


def test_calibration_reaches_its_level_after_a_change_of_regime() -> None:
    rng = np.random.default_rng(1)
    truth, age = rng.normal(0, 10, 20_000), np.repeat(np.arange(1.0, 11.0), 2_000)
    truth[age > 5] /= 4  # it was calmer until five days ago
    horizon = rng.uniform(0, 200, 20_000)
    made = calibration.conformal_calibration(truth, np.full(20_000, -3.0), np.full(20_000, 3.0), horizon, age)
    today = rng.normal(0, 10, 20_000)
    widen = np.array(made.widening)[calibration.bin_of(horizon)]
    assert 0.74 < ((today >= -3 - widen) & (today <= 3 + widen)).mean() < 0.84
