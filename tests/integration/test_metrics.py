"""Flink answers Prometheus with what the job counted, while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from deploy.cluster.submit import submit
from deploy.local.stack import Stack
from tests.integration import job
from tests.waiting import wait_until
from zielzeit import topics
from zielzeit.boards.parse import count_rows
from zielzeit.boards.record import BoardRecord
from zielzeit.metrics.definition import Metric
from zielzeit.metrics.job import BOARDS, DECISION_LAG, DECISIONS, JOB, OUTCOMES, PREDICTIONS, ROWS
from zielzeit.settings import Settings

pytestmark = pytest.mark.integration

Samples = Mapping[str, Sequence[Any]]


def scraped(settings: Settings) -> Samples:
    """The samples of the job on all of Flink's ports, by name."""
    found: dict[str, list[Any]] = {}
    for offset in range(settings.task_managers + 2):
        try:
            reply = requests.get(f"http://127.0.0.1:{settings.flink_metrics_port + offset}/metrics", timeout=30)
        except requests.ConnectionError:
            continue
        for family in text_string_to_metric_families(reply.text):
            for sample in family.samples:
                if sample.labels.get("job_name") == settings.job_name:
                    found.setdefault(sample.name, []).append(sample)
    return found


def total(samples: Samples, metric: Metric) -> dict[tuple[str, ...], int]:
    """A metric's sum over the subtasks, by the values of its labels, where it is not 0."""
    sums = Counter[tuple[str, ...]]()
    for sample in samples.get(metric.series, ()):
        sums[tuple(sample.labels[label.name] for label in metric.labels)] += int(sample.value)
    return +sums


def test_a_scrape_of_the_running_job_tells_what_is_on_the_topics(stack: Stack, evening: Sequence[BoardRecord]) -> None:
    boards = evening[:400]
    settings = job.settings_for(stack, bounded=False, start_from="earliest-offset")
    job.publish(settings, boards)
    job.publish_end_of_time(settings, boards[-1].polled_at)
    departed = sum(one["kind"] == "departed" for one in job.decided_offline(settings, boards))
    running = submit(settings)
    try:
        wait_until("counted", lambda: sum(total(scraped(settings), OUTCOMES).values()) >= departed > 0)
        samples = scraped(settings)
        assert {metric.series for metric in JOB if metric.type != "histogram"} <= set(samples)
        bounds = [
            sample.labels["le"] for sample in samples[DECISION_LAG.bucket] if sample.labels["subtask_index"] == "0"
        ]
        assert set(bounds) == {*map(str, DECISION_LAG.bounds), "+Inf"}
        assert total(samples, BOARDS)["in_turn",] >= len(boards)
        assert total(samples, ROWS) == {(): sum(count_rows(board.body) for board in boards)}
        assert total(samples, PREDICTIONS) == {("persistence", "baseline"): departed}
        job.wait_for_records(settings, topics.OUTCOMES, departed)
        decisions = job.records(settings, *topics.DECISIONS)
        assert total(samples, DECISIONS) == Counter((one["kind"], one["rule"] or "none") for one in decisions)
        outcomes = job.records(settings, topics.OUTCOMES)
        statuses = Counter[str]()
        for (status, _), number in total(samples, OUTCOMES).items():
            statuses[status] += number
        assert statuses == Counter(one["status"] for one in outcomes)
        assert not job.get(settings, f"/jobs/{running}/exceptions")["exceptionHistory"]["entries"]
    finally:
        job.cancel(settings, running)
