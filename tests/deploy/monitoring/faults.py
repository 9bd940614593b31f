"""The real fault that made each alert fire in a running Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FAULTS: Final[Mapping[str, str]] = {
    "TargetDown": "the poller was stopped.",
    "JobMissing": "the job was stopped.",
    "NoBoards": "the broker was halted (SIGSTOP).",
    "NoPredictions": "the server answered with boards without trains.",
    "Restarts": "a file stood in the place of the job's folder of checkpoints: each one failed, and the job with it.",
    "CheckpointsFail": "a file stood in the place of the job's folder of checkpoints.",
    "CheckpointsSlow": "the broker was halted (SIGSTOP) for a minute while a checkpoint was under way.",
    "WatermarkBehind": "boards that were two hours old came after a restart of the job.",
    "Lag": "the broker was halted (SIGSTOP) while the job read what waited.",
    "PollerReplies": "the server answered each request of the poller with status 500.",
    "StationsUnanswered": "the poller was started while the server answered each request with status 500.",
    "DeadLetters": "the server cut off three of ten boards.",
    "Fallback": "the job was started while no model was registered.",
    "ModelOld": "the version in use was dated back by nine days in the registry's database.",
    "ModelRefused": "a version with a damaged file was given the alias.",
    "SkillLow": "a model predicted that had learned from arrivals an hour too late.",
    "CoverageOff": "a model predicted that had learned from arrivals an hour too late.",
    "PredictionsMissing": "the job went on from a savepoint with code whose `score` had another uid: it had no state.",
    "DiskFull": "a small disk was mounted and filled.",
}
"""By an alert's name without its prefix; its runbook says the same. ``tests/integration/test_full_disk.py`` fills the
disk, ``test_poller_alerts.py`` does what concerns the poller, ``test_alerts.py`` the rest."""
