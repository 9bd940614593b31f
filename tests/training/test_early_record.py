"""The record of early predictions is what the lake's outcomes say, of the version that made them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
import mlflow
import msgspec
import pytest

from tests.lake.handmade import put
from training import evaluation_report, model_registry
from training.early_record import early_record
from zielzeit.errors import UserError
from zielzeit.evaluation.early_quality import Pair, as_json
from zielzeit.settings import load

DAY = date(2026, 3, 10)
LEFT = datetime(2026, 3, 10, 12, 4, tzinfo=UTC)
"""Departure as it was decided: 12:00 and four minutes."""


def decided(number: int, observed: int | None, **more: Any) -> dict[str, Any]:
    """A departure of an RE on a ride of twelve minutes: shown 2 and decided 4 minutes late, predicted 5 and 7."""
    return {
        "id": str(number), "category": "RE", "horizon": 12.0, "scheduled": LEFT - timedelta(minutes=4),
        "departed_at": LEFT, "decided_at": LEFT + timedelta(minutes=14), "delay": 4, "predicted_delay": 7.0, "p10": 5.0,
        "p90": 9.0, "observed_delay": observed, "model_version": "3",
    } | more  # fmt: skip


def early(number: int, revision: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number), "revision": revision, "told_at": LEFT + timedelta(minutes=2), "shown_delay": 2,
        "predicted_delay": 5.0, "p10": 3.0, "p90": 9.5, "model_version": "3",
    } | more  # fmt: skip


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Two departures of version 3, arrived 8 and 10 minutes late; one cancelled; one that version 2 told early."""
    rows = [decided(1, 8), decided(2, 10), decided(3, None), decided(4, 30)]
    put(tmp_path, "outcomes", str(DAY), "part-a-0-0", rows)
    told = [early(1), early(1, 1, predicted_delay=90.0), early(2), early(3), early(4, model_version="2")]
    put(tmp_path, "early-outcomes", str(DAY), "part-a-0-0", told)
    put(tmp_path, "outcomes", "2026-03-12", "part-a-0-0", [decided(9, 100)])
    put(tmp_path, "early-outcomes", "2026-03-12", "part-a-0-0", [early(9)])
    return tmp_path


def record_of(lake: Path, version: str = "3") -> dict[str, Pair]:
    return early_record(load(lake=str(lake)), DAY, DAY + timedelta(days=1), version)


def test_first_early_predictions_stand_beside_the_decided_ones_of_the_same_version(lake: Path) -> None:
    groups = record_of(lake)
    assert list(groups) == ["RE", "RE 0-15"]
    pair = groups["RE"]
    assert pair.early is not None
    assert msgspec.structs.asdict(pair.early) == {
        "count": 2, "mae": 4.0, "persistence": 7.0, "skill": pytest.approx(3 / 7), "bias": -4.0, "coverage": 0.5,
        "wait": 2.0, "before_arrival": 1.0,
    }  # fmt: skip
    assert msgspec.structs.asdict(pair.decided) == {
        "count": 2, "mae": 2.0, "persistence": 5.0, "skill": pytest.approx(3 / 5), "bias": -2.0, "coverage": 0.5,
        "wait": 14.0, "before_arrival": 1.0,
    }  # fmt: skip


def test_without_a_version_all_that_arrived_count(lake: Path) -> None:
    pair = record_of(lake, "")["RE"]
    assert pair.early is not None
    assert (pair.early.count, pair.decided.count) == (3, 3)


def test_a_version_that_told_nothing_early_is_an_error_that_says_where_to_look(lake: Path) -> None:
    with pytest.raises(UserError, match=r"no early predictions of version 7 .*`zielzeit store`"):
        record_of(lake, "7")


def test_the_report_shows_both_kinds_by_group(lake: Path) -> None:
    figures = {"model": "models:/m/3", "from": "a", "to": "b", "early": as_json(record_of(lake))}
    environment = jinja2.Environment(autoescape=True)
    environment.filters |= {"bin": evaluation_report.bin_label, "departures": evaluation_report.departures_label}
    page = environment.from_string(evaluation_report.TEMPLATE.read_text()).render(figures=figures, sections=[])
    assert "RE, 0–15 minutes" in page
    assert "<td>0.429</td>" in page


@pytest.mark.slow
def test_the_record_goes_to_the_run_of_the_version_as_a_file_and_as_metrics(lake: Path, tmp_path: Path) -> None:
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    try:
        experiment = mlflow.create_experiment("early", artifact_location=(tmp_path / "artifacts").as_uri())
        with mlflow.start_run(experiment_id=experiment) as run:
            pass
        record = as_json(record_of(lake))
        model_registry.log_early(f"runs:/{run.info.run_id}/model", record)
        model_registry.log_early(str(tmp_path), record)  # a folder has no run
        metrics = mlflow.MlflowClient().get_run(run.info.run_id).data.metrics
        assert metrics["early_bias_RE"] == -4.0
        assert metrics["decided_skill_RE"] == pytest.approx(3 / 5)
        assert not any("0-15" in name for name in metrics)
        (file,) = (tmp_path / "artifacts").rglob("early-predictions.json")
        assert msgspec.json.decode(file.read_bytes()) == record
    finally:
        mlflow.set_tracking_uri(before)
