"""Alerts fire where they must and are silent where they must, by Prometheus's own test of rules, and have pages."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.monitoring import files, flink_series
from deploy.monitoring.alerts import ALERTS, Alert
from tests.deploy.monitoring.cases import CASES, Case
from tests.deploy.monitoring.faults import FAULTS
from zielzeit.metrics.job import DEAD_LETTERS, JOB
from zielzeit.metrics.poller import POLLER
from zielzeit.settings import ROOT

BY_NAME = {alert.name.removeprefix("Zielzeit"): alert for alert in ALERTS}
FLINK = {value for name, value in vars(flink_series).items() if name.isupper()}
OTHERS = {"up", "node_filesystem_avail_bytes", "node_filesystem_size_bytes"}


def test_every_alert_has_a_case_that_fires_and_one_that_is_silent() -> None:
    assert len(BY_NAME) == len(ALERTS)
    assert {case.alert for case in CASES if case.fires} == set(BY_NAME)
    assert {case.alert for case in CASES if not case.fires} == set(BY_NAME)


def test_every_alert_is_tried_with_a_real_fault_that_its_page_names() -> None:
    assert FAULTS.keys() == BY_NAME.keys()
    for name, fault in FAULTS.items():
        page = (ROOT / files.notes(BY_NAME[name])["runbook"]).read_text()
        assert f"\n\nTried with a real fault: {fault}\n\n## First look\n" in re.sub(
            r"(?<=[^\n])\n(?=[^\n#])", " ", page
        )


def test_every_such_fault_is_made_by_a_test_that_waits_for_the_alert() -> None:
    drills = "".join(file.read_text() for file in (ROOT / "tests" / "integration").glob("test_*.py"))
    assert {name for name in FAULTS if f'.expect("{name}"' not in drills} == set()


@pytest.mark.slow
@pytest.mark.parametrize("every", sorted({case.every for case in CASES}))
def test_prometheus_finds_each_case_as_it_is_meant(tmp_path: Path, every: int) -> None:
    tests = [_promtool(case) for case in CASES if case.every == every]
    file = tmp_path / "tests.yaml"
    content = {"rule_files": [str(files.RULES)], "evaluation_interval": f"{every}m", "tests": tests}
    file.write_text(yaml.safe_dump(content))
    ran = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _promtool(case: Case) -> dict[str, Any]:
    alert = BY_NAME[case.alert]
    fired = [
        {"exp_labels": {**labels, "severity": alert.severity}, "exp_annotations": files.notes(alert)}
        for labels in case.fires
    ]
    return {
        "name": f"{case.alert}: {case.what}",
        "interval": f"{case.every}m",
        "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
        "alert_rule_test": [{"eval_time": f"{case.minute}m", "alertname": alert.name, "exp_alerts": fired}],
    }


def test_the_file_of_rules_is_what_the_alerts_say() -> None:
    assert files.RULES.read_text() == files.rules(), "run: python -m deploy.monitoring.files"


def test_every_series_of_a_rule_is_a_metric_that_somebody_counts() -> None:
    known = {metric.series for metric in (*JOB, *POLLER)} | FLINK | OTHERS
    for alert in ALERTS:
        named = set(re.findall(r"\b(?:flink|zielzeit|node)_\w+|\bup\b", alert.expression))
        assert named, alert.name
        assert named <= known, alert.name


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_has_a_page_that_says_what_it_means_and_what_to_do(alert: Alert) -> None:
    page = (ROOT / files.notes(alert)["runbook"]).read_text()
    assert page.startswith(f"# {alert.name}\n\n{alert.summary}\n")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == ["Meaning", "First look", "Remedy"]
    for section in re.split(r"^## .*$", page, flags=re.MULTILINE)[1:]:
        assert len(section.split()) >= 10


def test_no_page_is_left_of_an_alert_that_is_gone() -> None:
    pages = {page.stem for page in (ROOT / files.RUNBOOKS).glob("*.md")}
    assert pages == {alert.page for alert in ALERTS}


def test_the_page_of_operations_lists_every_alert_as_it_is() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    for alert in ALERTS:
        cells = (f"[{alert.name}](runbooks/{alert.page}.md)", alert.severity, str(alert.minutes), alert.summary)
        assert f"| {' | '.join(cells)} |\n" in page


def test_the_page_of_dead_letters_says_what_each_cause_means() -> None:
    page = (ROOT / files.notes(BY_NAME["DeadLetters"])["runbook"]).read_text()
    (causes,) = DEAD_LETTERS.labels
    assert {cause for cause in causes.values if f"`{cause}`" not in page} == set()
