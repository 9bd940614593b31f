"""The dashboards' JSON is what the queries say, and Grafana would accept it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.monitoring import dashboards, flink_series
from deploy.monitoring.operations import OPERATIONS
from deploy.monitoring.prediction_quality import PREDICTION_QUALITY
from deploy.monitoring.query import Query
from zielzeit.metrics.job import JOB
from zielzeit.metrics.poller import POLLER

KNOWN = {metric.series for metric in (*JOB, *POLLER)} | {metric.bucket for metric in JOB if metric.bounds}
QUERIES = [query for row in (*OPERATIONS, *PREDICTION_QUALITY) for query in row.panels]
PROMETHEUS = {"ALERTS"}
"""Series that Prometheus makes itself."""
FLINK = {value for name, value in vars(flink_series).items() if name.isupper()}


@pytest.mark.parametrize("name", dashboards.DASHBOARDS)
def test_the_file_of_a_dashboard_is_what_the_queries_say(name: str) -> None:
    file = dashboards.FOLDER / f"{name}.json"
    assert file.read_text() == dashboards.text(name), "run: python -m deploy.monitoring.dashboards"


def test_no_file_is_left_of_a_dashboard_that_is_gone() -> None:
    assert {file.stem for file in dashboards.FOLDER.iterdir()} == set(dashboards.DASHBOARDS)


@pytest.mark.parametrize("name", dashboards.DASHBOARDS)
def test_panels_do_not_overlap_and_each_has_a_query_and_a_meaning(name: str) -> None:
    panels = json.loads(dashboards.text(name))["panels"]
    covered: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + right, place["y"] + down) for right in range(place["w"]) for down in range(place["h"])}
        assert not covered & cells
        assert max(x for x, _ in cells) < 24
        covered |= cells
        if panel["type"] == "row":
            continue
        assert panel["title"]
        assert panel["description"]
        assert len(panel["targets"]) == 1
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    shown = [panel["title"] for panel in panels]
    assert len(shown) == len(set(shown)), "two panels have one name"
    rows = dashboards.DASHBOARDS[name][2]
    assert shown == [title for row in rows for title in (row.title, *(query.title for query in row.panels))]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.title)
def test_a_query_is_promql_over_metrics_that_somebody_counts(query: Query) -> None:
    named = set(re.findall(r"\b(?:flink_|zielzeit_|ALERTS)\w*", query.expression))
    assert named
    assert named <= KNOWN | FLINK | PROMETHEUS


def test_prometheus_reads_every_query(tmp_path: Path) -> None:
    rules = [{"record": f"query_{number}", "expr": query.expression} for number, query in enumerate(QUERIES)]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    ran = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
