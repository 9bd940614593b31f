"""A real Prometheus over the running stack knows every series, every query has data, and what is wrong calls."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import mlflow
import pytest
import requests
import yaml

from deploy.cluster.submit import submit
from deploy.local.stack import Stack
from deploy.monitoring.alerts import ALERTS
from deploy.monitoring.dashboards import DASHBOARDS
from deploy.monitoring.operations import OPERATIONS
from deploy.monitoring.picture import take
from deploy.monitoring.prediction_quality import PREDICTION_QUALITY
from deploy.monitoring.prometheus import configuration
from tests.conftest import free_ports
from tests.integration import job
from tests.sources.test_poll_metrics import Delivering
from tests.waiting import wait_until
from training import first_model, model_registry, model_training
from training.history.moments import Moments
from zielzeit.boards.record import BoardRecord
from zielzeit.settings import Settings
from zielzeit.sources.poll_metrics import answering
from zielzeit.sources.poll_statistics import PollStatistics
from zielzeit.sources.reply_kind import ReplyKind

pytestmark = pytest.mark.integration

STATIONS, SEED = 12, 5
"""Of the railway of ``evening``."""
ROUNDS = {"growth": 20, "p10": 10, "p90": 10, "cancelled": 5}

QUERIES = {query.title: query.expression for row in (*OPERATIONS, *PREDICTION_QUALITY) for query in row.panels}

WRONG = {"ZielzeitWatermarkBehind", "ZielzeitPollerReplies"}
"""What is wrong with the stack of this test: boards of last March, every second request times out."""
RIGHT = {
    "ZielzeitJobMissing",
    "ZielzeitNoPredictions",
    "ZielzeitRestarts",
    "ZielzeitDeadLetters",
    "ZielzeitFallback",
    "ZielzeitModelRefused",
    "ZielzeitStationsUnanswered",
    "ZielzeitPredictionsMissing",
}


class Prometheus:
    """A running Prometheus."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer of its API."""
        reply = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=30)
        answer = reply.json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def is_ready(self) -> bool:
        """Return True if it answers."""
        try:
            return requests.get(f"{self.url}/-/ready", timeout=5).ok
        except requests.ConnectionError:
            return False


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    """Where the dashboards are drawn by Grafana's components: ``--pictures docs/images``.

    Not by default: npm brings 450 packages of 457 MB for them, which took 88 s alone and 266 s beside other work.
    """
    folder = request.config.getoption("--pictures")
    return Path(folder) if folder else None


@pytest.fixture
def settings(stack: Stack) -> Settings:
    """Settings of a job that runs on, of a poller that answers, and of the machine's exporter."""
    poller, exporter = free_ports(2)
    return job.settings_for(
        stack,
        bounded=False,
        start_from="earliest-offset",
        model_name="monitored",
        poll_metrics_port=poller,
        node_exporter=f"127.0.0.1:{exporter}",
    )


@pytest.fixture
def model(settings: Settings, evening: Sequence[BoardRecord], tmp_path: Path) -> Iterator[None]:
    """A champion of the evening's railway, trained on the days before. Persistence has no interval and no age."""
    last = evening[0].polled_at.date() - timedelta(days=1)
    before = mlflow.get_tracking_uri()
    first_model.simulated_month(tmp_path / "month", STATIONS, SEED, last, moments=Moments.of(settings))
    folder, examples = tmp_path / "model", tmp_path / "month" / "examples"
    card = model_training.train(examples, last, folder, seed=1, rounds=ROUNDS, threads=1)

    model_registry.connect(settings)
    model_registry.register(settings, folder, card, examples, parameters={}, alias=settings.model_alias)
    yield
    mlflow.set_tracking_uri(before)


@pytest.fixture
def prometheus(settings: Settings, tmp_path: Path) -> Iterator[Prometheus]:
    """Debian's Prometheus and its exporter, which scrape every second."""
    own = f"127.0.0.1:{free_ports(1)[0]}"
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration(settings, seconds=1.0)))
    commands = [
        ["prometheus-node-exporter", f"--web.listen-address={settings.node_exporter}"],
        [
            "prometheus",
            f"--config.file={file}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address={own}",
        ],
    ]
    with ExitStack() as running:
        for command in commands:
            log = running.enter_context((tmp_path / f"{command[0]}.log").open("wb"))
            program = running.enter_context(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT))
            running.callback(program.terminate)
        found = Prometheus(f"http://{own}")
        wait_until("Prometheus answers", found.is_ready)
        yield found


@pytest.mark.usefixtures("model")
def test_every_series_and_query_has_data_and_what_is_wrong_calls(
    prometheus: Prometheus,
    settings: Settings,
    evening: Sequence[BoardRecord],
    pictures: Path | None,
) -> None:
    statistics = PollStatistics(12)
    half = len(evening) // (10 if pictures else 2)
    running = ""
    with answering(settings.poll_metrics_port, statistics, Delivering()):
        try:
            job.publish(settings, evening[:half])
            running = submit(settings)
            job.wait_for_checkpoints(settings, running, 3)
            statistics.replies.update({ReplyKind.OK: 3, ReplyKind.TIMEOUT: 1})
            # For a picture the evening takes its time: of boards that come at once, those of the end are told early
            # before what its beginning says of their runs has had its turn.
            size = len(evening) // 40 if pictures else len(evening)
            for begin in range(half, len(evening), size):
                job.publish(settings, evening[begin : begin + size])
                time.sleep(3.0 if pictures else 0.0)
            job.publish_end_of_time(settings, evening[-1].polled_at)
            for alert in ALERTS:
                for name in set(re.findall(r"\b(?:flink|zielzeit|node)_\w+|\bup\b", alert.expression)):
                    wait_until(name, lambda name=name: prometheus.get("query", query=name)["result"])  # type: ignore[misc]
            statistics.replies.update({ReplyKind.OK: 3, ReplyKind.TIMEOUT: 3})
            for title, query in QUERIES.items():
                wait_until(title, lambda query=query: _numbers(prometheus.get("query", query=query)))  # type: ignore[misc]

            wait_until("the rules are evaluated", lambda: evaluated(prometheus))
            wait_until("what is wrong calls", lambda: called(prometheus) >= WRONG)
            assert not RIGHT & called(prometheus)
            if pictures:
                for name in DASHBOARDS:
                    assert without_data(take(name, prometheus.url, pictures / f"dashboard-{name}.png", 5)) == []
        finally:
            if running:
                job.cancel(settings, running)
        wait_until("a job that is gone calls", lambda: "ZielzeitJobMissing" in called(prometheus))
    wait_until("a poller that is gone calls", lambda: "ZielzeitTargetDown" in called(prometheus))


def states(prometheus: Prometheus) -> dict[str, dict[str, Any]]:
    """All rules by name."""
    (group,) = prometheus.get("rules")["groups"]
    assert len(group["rules"]) == len(ALERTS)
    return {rule["name"]: rule for rule in group["rules"]}


def evaluated(prometheus: Prometheus) -> bool:
    """Return True if every rule was evaluated. Raises AssertionError if one failed."""
    rules = states(prometheus).values()
    assert not [rule["lastError"] for rule in rules if rule.get("lastError")]
    return all(rule["health"] == "ok" for rule in rules)


def called(prometheus: Prometheus) -> set[str]:
    """The alerts whose expression holds: they call when it has held for their minutes."""
    return {name for name, rule in states(prometheus).items() if rule["state"] != "inactive"}


def without_data(document: str) -> list[str]:
    """The panels of a drawn dashboard that show nothing."""
    drawn = re.findall(r'data-panel="([^"]+)" data-series="(\d+)"', document)
    assert drawn
    return [panel for panel, series in drawn if panel in QUERIES and series == "0"]


def _numbers(data: dict[str, Any]) -> list[float]:
    """The values of a result that are numbers: a quotient of two zeros is none."""
    return [float(one["value"][1]) for one in data["result"] if one["value"][1] != "NaN"]
