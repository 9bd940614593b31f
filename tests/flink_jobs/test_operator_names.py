"""What the dashboard shows of the jobs is short, and state is found under the ids of before."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.local import flink
from tests.conftest import stack_settings
from zielzeit.boards.record import BoardRecord
from zielzeit.lake.reading import Lake
from zielzeit.lake.table_definitions import TABLES
from zielzeit.recordings.to_lake import keep
from zielzeit.settings import ROOT, environment_variable

PREDICT = {
    "Source: boards -> columns -> to Python -> key by station": [
        "74dad96b061d506a1551b38c29083321",
        "b8d6779c55468ff3e67fa4ae34dc50d3",
        "55994e766a68e89e07cef2bf7bf4f79f",
        "c95569cb4eebc984a1e8777dfd338656",
    ],
    "decide": ["8dc480e1774fecbbb3e7bafb14d1bb69"],
    "follow": ["69432f6d11658778ca6e5ee4f5f53871"],
    "describe": ["698936e6317ed424080d58d2960430bc"],
    "score": ["857f407b0f317b9a9f938362a2c2d026"],
    "from Python -> records -> columns -> not null -> events: Writer -> events: Committer": [
        "5930add27267736a518f2ae026242a8e",
        "0c80f7e50ab54b30f6a2580946f9e942",
        "9dabb26f0566c22b5bec7e47223f4106",
        "9ae89ab8846147136146431c05bf4c01",
        "274bdfe4a03d9f2330e087dccb963832",
        "623abcb7a196fd7ac0c45f520b989322",
    ],
}
"""Vertices of the main job, and the ids of their operators, under which savepoints know their state."""
PLANNERS = r"Calc|Correlate|KafkaSource|SinkConversion|DataStream|Enforcer|Assigner|FileWriter"
"""Words of Flink's planner."""
NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
STORE_SOURCES = [
    "cbc357ccb763df2852fee8c4fc7d55f2",
    "6cdc5bb954874d922eaee11a8e7b5dd5",
    "2963852293169ba90d9d1e7d6308db5c",
    "1171dea6747ab509fdaefbe74f7195af",
    "2fa5fc7df17f61cb0e1946288970d799",
    "5c4ca2fea30dcf09bf3ee40c495fe808",
]


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Vertices of both jobs, and of the main job that begins with the boards of the lake."""
    settings = stack_settings(tmp_path_factory.mktemp("graph"))
    flink.prepare(settings)
    environment = {**os.environ, **flink.flink_environment(settings), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    Path(environment["FLINK_LOG_DIR"]).mkdir(parents=True, exist_ok=True)
    keep([BoardRecord(station="A", body=b"{}", polled_at=NOON, source="replay", url="")], Lake.of(settings))
    jobs = {
        "predict": settings,
        "store": settings.for_storage(),
        "archive": settings.model_copy(update={"start_from": "archive"}),
    }
    found = {}
    for job, used in jobs.items():
        names = ("local_dir", "lake", "parallelism", "start_from")
        environment |= {environment_variable(name): str(getattr(used, name)) for name in names}
        module = "flink_jobs.store" if job == "store" else "flink_jobs.predict"
        ran = subprocess.run(
            [sys.executable, "-m", "tests.flink_jobs.job_graph", module],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        found[job] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
def test_the_main_job_has_short_names_over_the_operators_that_savepoints_know(
    graphs: dict[str, list[dict[str, Any]]],
) -> None:
    assert {vertex["name"]: vertex["operators"] for vertex in graphs["predict"]} == PREDICT


@pytest.mark.slow
def test_source_and_sink_of_the_main_job_are_the_same_where_it_begins_with_the_archive(
    graphs: dict[str, list[dict[str, Any]]],
) -> None:
    operators = [id_ for vertex in graphs["archive"] for id_ in vertex["operators"]]
    (source, sink) = (vertices for name, vertices in PREDICT.items() if name.startswith(("Source", "from Python")))
    assert {source[-1], *sink[:2]} <= set(operators)


@pytest.mark.slow
def test_the_storage_job_names_each_vertex_by_its_table_over_the_operators_of_before(
    graphs: dict[str, list[dict[str, Any]]],
) -> None:
    names = [vertex["name"] for vertex in graphs["store"]]
    assert names == [f"Source: {table.name} -> columns -> Parquet -> end: Writer" for table in TABLES]
    assert [vertex["operators"][-1] for vertex in graphs["store"]] == STORE_SOURCES


@pytest.mark.slow
@pytest.mark.parametrize("job", ["predict", "store", "archive"])
def test_every_operator_is_described_in_a_few_words(graphs: dict[str, list[dict[str, Any]]], job: str) -> None:
    for vertex in graphs[job]:
        assert not re.search(PLANNERS, vertex["name"])
        for line in vertex["description"].splitlines():
            assert len(line) < 80
            assert not re.search(PLANNERS, line)
            assert "[" not in line
            assert "(" not in line
