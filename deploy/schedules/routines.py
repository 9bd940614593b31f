"""The routines that a scheduler starts: their commands, times, limits and parameters, in one place.

Airflow's DAGs, the crontab and systemd's units are made of this list. Standard library only: Airflow's own environment
reads this file, too.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from typing import NamedTuple

from zielzeit.errors import GATE_CLOSED

ZONE = "Europe/Berlin"
"""Zone of the routines' times."""
RETRY_MINUTES = 10
"""Time between a failure and the next attempt."""
NO_CHANGE = GATE_CLOSED
"""Exit code of a command that did its work and changed nothing: neither a failure nor a promotion."""


class Parameter(NamedTuple):
    """What a person may choose for one run."""

    meaning: str
    default: str | None = None
    """None where each run must name a value."""


@dataclass(frozen=True)
class Step:
    """One command of the project.

    Parameters
    ----------
    name:
        Name of the task.
    arguments:
        Arguments of ``./zielzeit``; ``{lake}`` is the parameter ``lake``.
    timeout_minutes:
        The command is ended after this time, and has failed.
    retries:
        Attempts after a failure.
    """

    name: str
    arguments: tuple[str, ...]
    timeout_minutes: int
    retries: int = 0

    def command(self, value: Callable[[str], str], program: str = "./zielzeit") -> str:
        """The command as one line for a shell; ``value`` gives the word that stands for a parameter."""
        return " ".join([program, *(value(one[1:-1]) if one[0] == "{" else shlex.quote(one) for one in self.arguments)])


@dataclass(frozen=True)
class Routine:
    """Steps that run one after the other, at one time of every day or when a person starts them."""

    name: str
    meaning: str
    at: time | None
    """Time of the day in ``ZONE``; None: a person starts it."""
    steps: tuple[Step, ...]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def cron(self) -> str | None:
        """The time as cron writes it."""
        return None if self.at is None else f"{self.at.minute} {self.at.hour} * * *"

    def default(self, parameter: str) -> str:
        """A parameter's default as a word for a shell. Raises KeyError where each run must name a value."""
        found = self.parameters[parameter].default
        if found is None:
            raise KeyError(parameter)
        return shlex.quote(found)


LAKE = ".local/lake"
"""The lake where no setting names another one."""
_LAKE = Parameter("Folder of the lake.", LAKE)
_EXAMPLES = Parameter("Folder of examples: the lake's, or of `history import`.", f"{LAKE}/examples")
_THRESHOLDS = Parameter("File of thresholds of data and promotion.", "training/promotion.toml")

ROUTINES = (
    Routine(
        "compact",
        "Merges the many files of each finished day of the lake into one.",
        time(4, 15),
        (Step("compact", ("lake", "compact", "--lake", "{lake}"), timeout_minutes=120, retries=2),),
        {"lake": _LAKE},
    ),
    Routine(
        "quality",
        "Reports on the newest days of the lake; fails where data is missing, stale or shifted.",
        time(4, 45),
        (Step("check", ("lake", "check", "--lake", "{lake}", "--thresholds", "{thresholds}"), timeout_minutes=30),),
        {"lake": _LAKE, "thresholds": _THRESHOLDS},
    ),
    Routine(
        "retrain",
        "Trains a challenger for the newest day; it becomes champion if it passes the gate, else nothing changes.",
        time(5, 0),
        (
            Step(
                "retrain",
                ("retrain", "--examples", "{examples}", "--thresholds", "{thresholds}"),
                timeout_minutes=180,
                retries=2,
            ),
        ),
        {"examples": _EXAMPLES, "thresholds": _THRESHOLDS},
    ),
    Routine(
        "calibrate",
        "Calibrates the champion's intervals on the newest day, where no retraining has.",
        time(9, 0),
        (Step("calibrate", ("calibrate", "--examples", "{examples}"), timeout_minutes=30, retries=2),),
        {"examples": _EXAMPLES},
    ),
    Routine(
        "backfill",
        "Predicts all boards of a lake once more, into topics and a lake of its own.",
        None,
        (
            Step(
                "predict",
                (
                    "submit",
                    "--bounded",
                    "--wait",
                    "--start-from",
                    "archive",
                    "--lake",
                    "{lake}",
                    "--topic-prefix",
                    "{topic_prefix}",
                ),
                timeout_minutes=24 * 60,
            ),
            Step(
                "store",
                (
                    "store",
                    "--bounded",
                    "--wait",
                    "--start-from",
                    "earliest-offset",
                    "--lake",
                    "{target}",
                    "--topic-prefix",
                    "{topic_prefix}",
                ),
                timeout_minutes=24 * 60,
            ),
        ),
        {
            "lake": _LAKE,
            "topic_prefix": Parameter("Prefix of the new topics; another one for each backfill, or it doubles them."),
            "target": Parameter("Folder of the lake that the backfill writes; not the one that it reads."),
        },
    ),
)

_FETCH = Step("fetch", ("lake", "fetch", "examples", LAKE), timeout_minutes=60, retries=2)


def routines_of(lake: str) -> tuple[Routine, ...]:
    """The routines with this lake as default. Where it is on S3 they copy examples first: training reads folders."""
    on_s3 = lake.startswith("s3://")
    defaults = {"lake": lake, "examples": f"{LAKE if on_s3 else lake}/examples"}
    return tuple(
        replace(
            routine,
            steps=(_FETCH, *routine.steps) if on_s3 and "examples" in routine.parameters else routine.steps,
            parameters={
                name: one._replace(default=defaults.get(name, one.default)) for name, one in routine.parameters.items()
            },
        )
        for routine in ROUTINES
    )
