"""A Prometheus that watches the stack for a test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import yaml

from deploy.monitoring.alerts import ALERTS
from deploy.monitoring.files import RULES
from deploy.monitoring.prometheus import configuration
from tests.conftest import free_ports
from tests.waiting import wait_until
from zielzeit.settings import Settings


class Prometheus:
    """A running Prometheus."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer of its API."""
        reply = requests.get(f"{self._url}/api/v1/{path}", params=parameters, timeout=30)
        answer = reply.json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def numbers(self, query: str) -> list[float]:
        """Return the values of a query that are numbers: a quotient of two zeros is none."""
        values = [one["value"][1] for one in self.get("query", query=query)["result"]]
        return [float(value) for value in values if value != "NaN"]

    def is_ready(self) -> bool:
        """Return True if it answers."""
        try:
            return requests.get(f"{self._url}/-/ready", timeout=5).ok
        except requests.ConnectionError:
            return False

    def are_rules_evaluated(self) -> bool:
        """Return True if every rule was evaluated. Raises AssertionError if one failed."""
        (group,) = self.get("rules")["groups"]
        assert len(group["rules"]) == len(ALERTS)
        assert not [rule["lastError"] for rule in group["rules"] if rule.get("lastError")]
        return all(rule["health"] == "ok" for rule in group["rules"])

    def alerts(self, *states: str) -> list[dict[str, str]]:
        """Return the labels of the alerts in these states: ``pending``, or ``firing``, which is when they call."""
        return [one["labels"] for one in self.get("alerts")["alerts"] if one["state"] in states]


@contextmanager
def watching(settings: Settings, folder: Path, rules: Path = RULES) -> Iterator[Prometheus]:
    """Run Debian's Prometheus, which scrapes the stack and evaluates the rules every second."""
    own = f"127.0.0.1:{free_ports(1)[0]}"
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration(settings, seconds=1.0) | {"rule_files": [str(rules)]}))
    options = [f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={own}"]
    with running(["prometheus", *options], folder / "prometheus.log"):
        found = Prometheus(f"http://{own}")
        wait_until("Prometheus answers", found.is_ready)
        yield found


@contextmanager
def running(command: Sequence[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program as long as the context lasts."""
    with log.open("ab") as out:
        given = {"env": environment} if environment else {}
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, **given)  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)
