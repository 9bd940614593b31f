"""The lists of metrics: names as Prometheus wants them, one of each, and the page that is made of them."""

from __future__ import annotations

import re

import pytest

from zielzeit.metrics import page
from zielzeit.metrics.definition import Metric
from zielzeit.metrics.job import JOB
from zielzeit.metrics.poller import POLLER

ALL = (*JOB, *POLLER)


def test_names_are_defined_once() -> None:
    assert len({metric.name for metric in ALL}) == len({metric.series for metric in ALL}) == len(ALL)


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
def test_a_name_tells_type_and_unit(metric: Metric) -> None:
    assert re.fullmatch(r"[a-z][a-z_]*", metric.name)
    assert metric.name.endswith("_total") == (metric.type == "counter")
    assert metric.unit.split()[0].rstrip("s") in metric.name or metric.type == "counter"
    assert metric.meaning.endswith((".", "…"))
    assert bool(metric.bounds) == (metric.type == "histogram")
    assert list(metric.bounds) == sorted(set(metric.bounds))


def test_series_are_named_as_flink_names_them() -> None:
    (lag,) = (metric for metric in JOB if metric.name == "decision_lag_seconds")
    assert lag.bucket == "flink_taskmanager_job_task_operator_zielzeit_le_decision_lag_seconds_bucket"
    (decisions,) = (metric for metric in JOB if metric.name == "decisions_total")
    assert decisions.series == "flink_taskmanager_job_task_operator_zielzeit_kind_rule_decisions_total"
    assert len(decisions.known()) == 21


def test_the_page_of_metrics_is_what_the_lists_say() -> None:
    assert page.PAGE.read_text() == page.page(), "run: python -m zielzeit.metrics.page"
