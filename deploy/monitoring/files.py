"""The files for Prometheus, made of the alerts: ``python -m deploy.monitoring.files`` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from deploy.monitoring.alerts import ALERTS, Alert

RULES = Path(__file__).parent / "rules.yaml"
RUNBOOKS = "docs/runbooks"

_HEAD = "# Made by `python -m deploy.monitoring.files` of deploy/monitoring/alerts.py.\n"


def rules() -> str:
    """Return Prometheus's file of rules."""
    groups = [{"name": "zielzeit", "rules": [_rule(alert) for alert in ALERTS]}]
    return _HEAD + yaml.safe_dump({"groups": groups}, sort_keys=False, width=1000)


def notes(alert: Alert) -> dict[str, str]:
    """Return what the receiver of an alert reads."""
    return {"summary": alert.summary, "runbook": f"{RUNBOOKS}/{alert.page}.md"}


def _rule(alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expression,
        "for": f"{alert.minutes}m",
        "labels": {"severity": alert.severity},
        "annotations": notes(alert),
    }


if __name__ == "__main__":
    RULES.write_text(rules())
