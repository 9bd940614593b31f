"""Scaled rules are the shipped ones in all but their times."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.monitoring import files
from deploy.monitoring.alerts import ALERTS
from tests.deploy.monitoring.scaled_rules import scaled

FACTOR = 60


def _rules(text: str) -> list[dict[str, str]]:
    (group,) = yaml.safe_load(text)["groups"]
    return list(group["rules"])


def test_only_windows_and_for_are_divided() -> None:
    shipped, made = _rules(files.RULES.read_text()), _rules(scaled(files.RULES.read_text(), FACTOR))
    assert [rule["alert"] for rule in made] == [alert.name for alert in ALERTS]
    for before, after in zip(shipped, made, strict=True):
        windows = [int(minutes) for minutes in re.findall(r"\[(\d+)m\]", before["expr"])]
        assert [int(ms) for ms in re.findall(r"\[(\d+)ms\]", after["expr"])] == [60_000 * m // FACTOR for m in windows]
        assert after["for"] == f"{int(before['for'].removesuffix('m')) * 60_000 // FACTOR}ms"
        rest = [
            {name: re.sub(r"\[\d+m?s?\]", "[]", str(value)) for name, value in rule.items() if name != "for"}
            for rule in (before, after)
        ]
        assert rest[0] == rest[1]


def test_prometheus_reads_scaled_rules(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(scaled(files.RULES.read_text(), FACTOR))
    ran = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{len(ALERTS)} rules found" in ran.stdout


@pytest.mark.parametrize(("expression", "minutes"), [("rate(x[1h])", "5m"), ("x offset 5m", "5m"), ("up", "1h")])
def test_a_time_that_would_stay_as_it_is_is_refused(expression: str, minutes: str) -> None:
    rule = {"alert": "A", "expr": expression, "for": minutes}
    with pytest.raises(ValueError, match="not in minutes"):
        scaled(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule]}]}), FACTOR)
