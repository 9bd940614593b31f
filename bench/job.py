"""The whole job, from submission to the end: in new TaskManagers, warm, and with other settings."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

from bench.cluster import JobRun, new_task_managers, own_topics, run_again
from bench.inputs import Boards, publish
from bench.measurement import Measurement, summary
from deploy.local.stack import Stack
from zielzeit import topics
from zielzeit.kafka.admin import remove_topics
from zielzeit.progress import Progress

_NEW: Final = "in new TaskManagers"
WARM: Final[Mapping[str, Mapping[str, object]]] = {
    "once more": {},
    "once more, no departure told early": {"early_minutes": 0},
    "once more, state on the heap": {"state_backend": "hashmap"},
}
"""Other settings of the turns in TaskManagers that have run the job."""


def measure(
    stack: Stack, boards: Boards, repeat: int, progress: Progress, warm: Iterable[str] = WARM
) -> list[Measurement]:
    """Rows a second from submission to the end, and while it runs; seconds from submission until all of it runs.

    In new TaskManagers, and after that in the turns ``warm`` of ``WARM``. These change places from round to round,
    because Java goes on warming up.
    """
    settings = own_topics(stack.settings)
    publish(settings, boards, boards.count, progress)
    runs: dict[str, list[JobRun]] = {turn: [] for turn in (_NEW, *warm)}
    with progress.step("the whole job", repeat * len(runs)) as step:
        turns = deque(warm)
        for _ in range(repeat):
            new_task_managers(stack)
            for turn in (_NEW, *turns):
                step.say(turn)
                runs[turn].append(run_again(stack, settings.model_copy(update=WARM.get(turn))))
                step.advance()
            turns.rotate()
    remove_topics(settings, topics.ALL)
    note = f"{boards.described()}, from submission, parallelism {settings.parallelism}"
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
        *(
            summary(
                "whole job, once it runs",
                turn,
                "rows/s",
                [boards.rows / (one.seconds - one.until_running) for one in found],
                guarantee="exactly once",
            )
            for turn, found in runs.items()
        ),
        *(
            summary("start of the job", turn, "s", [one.until_running for one in found], note="until all of it runs")
            for turn, found in runs.items()
        ),
    ]
