"""Every DAG runs to its end on real data, into its closed gate, too; Airflow's database tells the states."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import mlflow
import pytest

from deploy.schedules.routines import NO_CHANGE, RETRY_MINUTES, ROUTINES, ZONE
from tests.deploy.airflow.airflow_under_test import Airflow
from tests.deploy.airflow.conftest import LAST
from tests.deploy.compose.test_compose import SERVICES
from tests.deploy.images.test_images import environment as image_environment
from tests.deploy.images.test_images import instruction as image_instruction
from training import model_registry, training_run
from zielzeit.lake.reading import Lake
from zielzeit.settings import Settings, load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # Airflow and a command start for each DAG

_FEW_TREES = {"growth": 5, "p10": 5, "p90": 5, "cancelled": 3}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A registry without a server."""
    folder = tmp_path_factory.mktemp("local")
    settings = load(mlflow_uri=f"sqlite:///{folder}/registry.db", local_dir=folder)
    model_registry.connect(settings)
    yield settings
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def _named(store: Settings, name: str) -> tuple[Settings, dict[str, str]]:
    """Settings with a model name of their own, and the environment that leads a command to the same registry."""
    settings = store.model_copy(update={"model_name": name})
    return settings, {
        "ZIELZEIT_LOCAL_DIR": str(store.local_dir),
        "ZIELZEIT_MLFLOW_URI": store.mlflow_uri,
        "ZIELZEIT_MODEL_NAME": name,
    }


def _champion(settings: Settings, examples: Path, folder: Path) -> None:
    """Register a champion of a few trees that has not seen the last ten days."""
    until = LAST - timedelta(days=10)
    training_run.train_and_register(
        settings, examples, until, folder, alias=settings.model_alias, rounds=_FEW_TREES, threads=1
    )


def _alias(settings: Settings, alias: str) -> str:
    return str(mlflow.MlflowClient().get_model_version_by_alias(settings.model_name, alias).version)


def test_airflow_makes_of_every_routine_a_dag_with_its_limits(airflow: Airflow) -> None:
    found = airflow.described()
    assert found["errors"] == {}
    assert set(found["dags"]) == {f"zielzeit_{routine.name}" for routine in ROUTINES}
    for routine in ROUTINES:
        dag = found["dags"][f"zielzeit_{routine.name}"]
        assert dag["schedule"] == routine.cron
        assert (dag["zone"], dag["catchup"], dag["max_active_runs"]) == (ZONE, False, 1)
        assert dag["parameters"] == {name: one.meaning for name, one in routine.parameters.items()}
        for number, (task, step) in enumerate(zip(dag["tasks"], routine.steps, strict=True)):
            assert task["after"] == [before.name for before in routine.steps[:number][-1:]]
            assert (task["retries"], task["timeout_minutes"]) == (step.retries, step.timeout_minutes)
            assert (task["retry_minutes"], task["skips_on"]) == (RETRY_MINUTES, [NO_CHANGE])


def test_where_the_lake_is_on_s3_its_dags_have_it_as_default_and_training_fetches_examples_first(
    airflow: Airflow,
) -> None:
    dags = airflow.described(ZIELZEIT_LAKE="s3://zielzeit/lake")["dags"]
    assert dags["zielzeit_compact"]["defaults"] == {"lake": "s3://zielzeit/lake"}
    assert [task["name"] for task in dags["zielzeit_compact"]["tasks"]] == ["compact"]
    for name in ("retrain", "calibrate"):
        fetch, _ = dags[f"zielzeit_{name}"]["tasks"]
        assert fetch["command"] == "./zielzeit lake fetch examples .local/lake"
        assert dags[f"zielzeit_{name}"]["defaults"]["examples"] == ".local/lake/examples"


def test_the_compose_file_sets_options_and_starts_commands_that_airflow_has(airflow: Airflow) -> None:
    found = airflow.described()
    services = {name: one for name, one in SERVICES.items() if one["image"].startswith("zielzeit/airflow:")}
    assert {one["command"][0] for one in services.values()} == {"db", "api-server", "scheduler", "dag-processor"}
    assert {one["command"][0] for one in services.values()} <= set(found["commands"])
    given = {name for one in services.values() for name in one["environment"]} | set(image_environment("airflow"))
    assert {name for name in given if name.startswith("AIRFLOW__")} <= set(found["options"])
    (health,) = (word for word in services["airflow-scheduler"]["healthcheck"]["test"] if word.startswith("http"))
    assert urlsplit(health).port == int(found["options"]["AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT"])
    assert image_instruction("airflow", "EXPOSE") == found["options"]["AIRFLOW__API__PORT"]


def test_the_dag_of_compaction_makes_one_file_of_a_day(airflow: Airflow, lake: Path) -> None:
    assert airflow.run("dags", "test", "zielzeit_compact", "--conf", json.dumps({"lake": str(lake)})) == 0
    assert airflow.states("zielzeit_compact") == {"": "success", "compact": "success"}
    files = Lake.of(load(lake=str(lake))).visible("outcomes", "2026-03-08")
    assert [file.name.partition("-")[0] for file in files] == ["compacted"]


def test_the_dag_of_quality_fails_where_data_is_stale_and_else_does_not(
    airflow: Airflow, lake: Path, open_gate: Path
) -> None:
    parameters = {"lake": str(lake), "thresholds": str(open_gate)}
    assert airflow.test("zielzeit_quality", parameters) == {"": "success", "check": "success"}
    strict = {"lake": str(lake), "thresholds": "training/promotion.toml"}
    assert airflow.test("zielzeit_quality", strict) == {"": "failed", "check": "failed"}


def test_the_dag_of_retraining_promotes_a_challenger_that_passes(
    airflow: Airflow, store: Settings, examples_folder: Path, open_gate: Path
) -> None:
    settings, environment = _named(store, "opened")
    states = airflow.test(
        "zielzeit_retrain", {"examples": str(examples_folder), "thresholds": str(open_gate)}, **environment
    )
    assert states == {"": "success", "retrain": "success"}
    assert _alias(settings, settings.model_alias) == "1"


def test_the_dag_of_retraining_is_skipped_at_a_closed_gate_and_the_champion_stays(
    airflow: Airflow, store: Settings, examples_folder: Path, closed_gate: Path, tmp_path: Path
) -> None:
    settings, environment = _named(store, "closed")
    _champion(settings, examples_folder, tmp_path / "model")
    states = airflow.test(
        "zielzeit_retrain", {"examples": str(examples_folder), "thresholds": str(closed_gate)}, **environment
    )
    assert states["retrain"] == "skipped"
    assert states[""] != "failed"
    assert (_alias(settings, settings.model_alias), _alias(settings, model_registry.CHALLENGER)) == ("1", "2")
    assert "skill" in mlflow.MlflowClient().get_model_version(settings.model_name, "2").tags["promotion"]


def test_the_dag_of_calibration_gives_the_champion_new_intervals(
    airflow: Airflow, store: Settings, examples_folder: Path, tmp_path: Path
) -> None:
    settings, environment = _named(store, "calibrated")
    _champion(settings, examples_folder, tmp_path / "model")
    states = airflow.test("zielzeit_calibrate", {"examples": str(examples_folder)}, **environment)
    assert states == {"": "success", "calibrate": "success"}
    assert _alias(settings, settings.model_alias) == "2"
    model, _ = model_registry.fetch(f"models:/{settings.model_name}@{settings.model_alias}")
    assert model.card.calibrated_until == str(LAST)
