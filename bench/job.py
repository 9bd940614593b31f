"""The whole job, from submission to the end: in new TaskManagers, warm, and without early predictions."""

from __future__ import annotations

from bench.cluster import JobRun, new_task_managers, own_topics, run_again
from bench.inputs import Boards, publish
from bench.measurement import Measurement, summary
from deploy.local.stack import Stack
from zielzeit import topics
from zielzeit.kafka.admin import remove_topics
from zielzeit.progress import Progress

_TURNS = ("in new TaskManagers", "for the second time", "the same, no departure told early")
_NOT_EARLY = _TURNS[-1]


def measure(stack: Stack, boards: Boards, repeat: int, progress: Progress) -> list[Measurement]:
    """Rows a second from submission to the end, and while it runs; seconds from submission until all of it runs."""
    settings = own_topics(stack.settings)
    publish(settings, boards, boards.count, progress)
    runs: dict[str, list[JobRun]] = {turn: [] for turn in _TURNS}
    with progress.step("the whole job", repeat * len(_TURNS)) as step:
        for _ in range(repeat):
            new_task_managers(stack)
            for turn in _TURNS:
                step.say(turn)
                changed = {"early_minutes": 0} if turn == _NOT_EARLY else {}
                runs[turn].append(run_again(stack, settings.model_copy(update=changed)))
                step.advance()
    remove_topics(settings, topics.ALL)
    note = f"{boards.described()}, from submission, parallelism {settings.parallelism}, {settings.state_backend}"
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
