"""The DAG of the backfill, on a real cluster: a lake's boards become predictions in topics and a lake of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy.local.stack import Stack
from tests.deploy.airflow.airflow_under_test import Airflow, installed
from tests.integration import job
from zielzeit import topics
from zielzeit.boards.record import BoardRecord
from zielzeit.lake.reading import Lake
from zielzeit.recordings.to_lake import keep
from zielzeit.settings import Settings, environment_variable, load

pytestmark = [pytest.mark.slow, pytest.mark.integration]


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """Airflow with a database of its own."""
    with installed(tmp_path_factory.mktemp("airflow")) as found:
        yield found


def _environment(settings: Settings) -> dict[str, str]:
    """The environment that gives a command these settings."""
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    return {
        environment_variable(name): str(value.get_secret_value() if isinstance(value, SecretStr) else value)
        for name, value in values.items()
        if value != getattr(load(), name) and name not in ("topic_prefix", "bounded")
    }


def test_the_dag_of_the_backfill_predicts_and_stores_what_a_lake_holds(
    airflow: Airflow, stack: Stack, evening: Sequence[BoardRecord], tmp_path: Path
) -> None:
    source, target = tmp_path / "lake", tmp_path / "target"
    settings = job.settings_for(stack, model_name="without-a-model", store_interval_seconds=1.0)
    keep(evening, Lake.of(settings.model_copy(update={"lake": str(source)})))
    states = airflow.test(
        "zielzeit_backfill",
        {"lake": str(source), "target": str(target), "topic_prefix": settings.topic_prefix},
        **_environment(settings),
    )
    assert states == {"": "success", "predict": "success", "store": "success"}
    decisions = job.decided_offline(settings, evening)
    job.assert_once(settings, decisions)
    stored = Lake.of(settings.model_copy(update={"lake": str(target)})).dataset(topics.PREDICTIONS).to_table()
    assert sorted(stored["id"].to_pylist()) == sorted(one["id"] for one in decisions if one["kind"] == "departed")
