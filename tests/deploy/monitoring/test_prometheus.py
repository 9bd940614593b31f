"""What the stack's Prometheus scrapes follows from the settings."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import requests
import yaml

from deploy.local.stack import Stack
from deploy.monitoring import prometheus
from deploy.monitoring.alerts import ALERTS
from tests.waiting import wait_until
from zielzeit.errors import UserError
from zielzeit.settings import Settings, load


def targets(settings: Settings) -> dict[str, list[str]]:
    """Addresses by kind of process."""
    found = prometheus.configuration(settings)["scrape_configs"]
    return {one["job_name"]: one["static_configs"][0]["targets"] for one in found}


def test_every_process_of_the_stack_is_scraped_and_the_storages_under_a_name_of_its_own() -> None:
    settings = load(flink_metrics_port=9300, task_managers=3)
    assert targets(settings) == {
        "flink": [f"127.0.0.1:{port}" for port in (9300, 9301, 9302, 9303)],
        "flink-store": ["127.0.0.1:9304"],
    }


def test_the_poller_and_the_machine_are_scraped_where_the_settings_name_them() -> None:
    found = targets(load(poll_metrics_port=9400, node_exporter="127.0.0.1:9100"))
    assert (found["poller"], found["node"]) == (["127.0.0.1:9400"], ["127.0.0.1:9100"])


def test_prometheus_accepts_the_configuration(tmp_path: Path) -> None:
    settings = load(local_dir=tmp_path, poll_metrics_port=9400, node_exporter="127.0.0.1:9100")
    prometheus.prepare(settings)
    file = tmp_path / "prometheus" / "prometheus.yml"
    assert len(yaml.safe_load(file.read_text())["rule_files"]) == 1
    ran = subprocess.run(["promtool", "check", "config", str(file)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_without_prometheus_the_stack_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UserError, match="apt-get install prometheus"):
        prometheus.prepare(load(local_dir=tmp_path))


def test_the_stack_starts_it_on_demand_and_it_scrapes_by_the_rules(session_stack: Stack) -> None:
    address = session_stack.settings.prometheus_url
    assert "prometheus" not in {status.name for status in session_stack.status()}
    (status,) = session_stack.up({"prometheus"})
    try:
        assert (status.state, status.address) == ("up", address)
        wait_until("it knows its targets", lambda: _scraped(address) == {"flink", "flink-store"})
        (group,) = requests.get(f"{address}/api/v1/rules", timeout=30).json()["data"]["groups"]
        assert [rule["name"] for rule in group["rules"]] == [alert.name for alert in ALERTS]
    finally:
        session_stack.down({"prometheus"})
    assert "prometheus" not in {status.name for status in session_stack.status()}


def _scraped(address: str) -> set[str]:
    """The kinds of processes that it scrapes."""
    active = requests.get(f"{address}/api/v1/targets", timeout=30).json()["data"]["activeTargets"]
    return {one["labels"]["job"] for one in active}
