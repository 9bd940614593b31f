"""The real fault that made each alert fire in a running Prometheus, and the test that does so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FAULTS: Final[Mapping[str, str]] = {
    "TargetDown": "the poller was stopped.",
    "PollerReplies": "the server answered each request of the poller with status 500.",
    "StationsUnanswered": "the poller was started while the server answered each request with status 500.",
    "DiskFull": "a small disk was mounted and filled.",
}
"""By an alert's name without its prefix; its runbook says the same. ``tests/integration/test_full_disk.py`` fills the
disk, ``test_poller_alerts.py`` does the rest."""

UNTRIED: Final = frozenset(
    {
        "JobMissing",
        "NoBoards",
        "NoPredictions",
        "Restarts",
        "CheckpointsFail",
        "CheckpointsSlow",
        "WatermarkBehind",
        "Lag",
        "DeadLetters",
        "Fallback",
        "ModelOld",
        "ModelRefused",
        "SkillLow",
        "CoverageOff",
        "PredictionsMissing",
    }
)
"""Alerts of which no real fault is made yet: promtool's cases alone say when they fire."""
