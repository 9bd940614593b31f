"""The whole job, from submission to the end: in new TaskManagers, warm, and with other settings."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from bench.cluster import JobRun, new_task_managers, own_topics, run_again
from bench.inputs import Boards, publish
from bench.measurement import Measurement, summary
from deploy.local.stack import Stack
from zielzeit import topics
from zielzeit.kafka.admin import remove_topics
from zielzeit.progress import Progress
from zielzeit.settings import Settings

_NEW: Final = "in new TaskManagers"
_AGAIN: Final = "once more"
_BY_SETTING: Final[Mapping[str, Mapping[str, object]]] = {
    "as it is": {},
    "no departure told early": {"early_minutes": 0},
    "state on the heap": {"state_backend": "hashmap"},
}


def measure(stack: Stack, boards: Boards, repeat: int, progress: Progress) -> list[Measurement]:
    """Rows a second from submission to the end, and while it runs; seconds from submission until all of it runs.

    In new TaskManagers, and in the same ones once more.
    """
    runs: dict[str, list[JobRun]] = {_NEW: [], _AGAIN: []}
    with _topics(stack, boards, progress) as settings, progress.step("the whole job", repeat * len(runs)) as step:
        for _ in range(repeat):
            new_task_managers(stack)
            for turn, found in runs.items():
                step.say(turn)
                found.append(run_again(stack, settings))
                step.advance()
    note = f"{boards.described()}, from submission, parallelism {stack.settings.parallelism}"
    return [
        *(
            summary(
                "whole job",
                turn,
                "rows/s",
                [boards.rows / one.seconds for one in found],
                guarantee="exactly once",
                note=note,
            )
            for turn, found in runs.items()
        ),
        *(_while_running("whole job, once it runs", turn, boards, found) for turn, found in runs.items()),
        *(
            summary("start of the job", turn, "s", [one.until_running for one in found], note="until all of it runs")
            for turn, found in runs.items()
        ),
    ]


def by_setting(stack: Stack, boards: Boards, repeat: int, progress: Progress) -> list[Measurement]:
    """Rows a second while the whole job runs, in TaskManagers that have run it once, with one setting changed.

    The turns change places from round to round, because Java goes on warming up.
    """
    runs: dict[str, list[JobRun]] = {turn: [] for turn in _BY_SETTING}
    total = 1 + repeat * len(runs)
    with _topics(stack, boards, progress) as settings, progress.step("other settings", total) as step:
        run_again(stack, settings)
        step.advance()
        turns = deque(runs)
        for _ in range(repeat):
            for turn in turns:
                step.say(turn)
                runs[turn].append(run_again(stack, settings.model_copy(update=_BY_SETTING[turn])))
                step.advance()
            turns.rotate()
    note = f"{boards.described()}, once more"
    return [_while_running("settings", turn, boards, found, note) for turn, found in runs.items()]


@contextmanager
def _topics(stack: Stack, boards: Boards, progress: Progress) -> Iterator[Settings]:
    """Settings with topics of their own, which have the boards and are removed in the end."""
    settings = own_topics(stack.settings)
    publish(settings, boards, boards.count, progress)
    yield settings
    remove_topics(settings, topics.ALL)


def _while_running(workload: str, turn: str, boards: Boards, runs: list[JobRun], note: str = "") -> Measurement:
    rates = [boards.rows / (one.seconds - one.until_running) for one in runs]
    return summary(workload, turn, "rows/s", rates, guarantee="exactly once", note=note)
