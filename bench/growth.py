"""How speed, memory and state grow with the number of stations, and speed with the parallelism."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.cluster import JobRun, own_topics, run_again
from bench.inputs import Boards, publish
from bench.measurement import Measurement, summary
from deploy.local.stack import Stack
from zielzeit import topics
from zielzeit.kafka.admin import remove_topics
from zielzeit.progress import Progress

_MIB = 2**20


def stations(
    stack: Stack, inputs: Mapping[int, Callable[[], Boards]], repeat: int, progress: Progress
) -> list[Measurement]:
    """Rows a second while the whole job runs, most memory of the TaskManagers and state at the end, by stations."""
    found: dict[int, tuple[list[JobRun], Boards]] = {}
    for count, make in inputs.items():
        boards = make()
        settings = own_topics(stack.settings)
        publish(settings, boards, boards.count, progress)
        with progress.step(f"{count:,} stations", repeat) as step:
            runs = []
            for _ in range(repeat):
                runs.append(run_again(stack, settings))
                step.advance()
        remove_topics(settings, topics.ALL)
        found[count] = runs, boards
    return [
        one
        for count, (runs, boards) in found.items()
        for one in (
            summary(
                "growth: stations",
                f"{count:,} stations",
                "rows/s",
                [boards.rows / (run.seconds - run.until_running) for run in runs],
                guarantee="exactly once",
                note=f"{boards.described()}, while the job runs",
            ),
            summary(
                "growth: memory", f"{count:,} stations", "GiB", [run.workers_gib for run in runs], note="TaskManagers"
            ),
            summary(
                "growth: state",
                f"{count:,} stations",
                "MiB",
                [run.state_bytes / _MIB for run in runs],
                note="checkpoint",
            ),
        )
    ]


def parallelism(
    stack: Stack, boards: Boards, numbers: tuple[int, ...], repeat: int, progress: Progress
) -> list[Measurement]:
    """Rows a second while the whole job runs, by its parallelism, with as many TaskManagers that have run it once."""
    settings = own_topics(stack.settings)
    publish(settings, boards, boards.count, progress)
    rates: dict[int, list[float]] = {number: [] for number in numbers}
    stack.down(["flink"])
    with progress.step("parallelism", (1 + repeat) * len(numbers)) as step:
        for number in numbers:
            # Of more TaskManagers two that work could be kept on one core.
            sized = Stack(stack.settings.model_copy(update={"task_managers": number}))
            sized.up(["flink"])
            for round_ in range(1 + repeat):
                run = run_again(sized, settings.model_copy(update={"parallelism": number}))
                if round_ > 0:
                    rates[number].append(boards.rows / (run.seconds - run.until_running))
                step.advance()
            sized.down(["flink"])
    remove_topics(settings, topics.ALL)
    stack.up(["flink"])
    return [
        summary(
            "growth: parallelism",
            f"parallelism {number}",
            "rows/s",
            found,
            guarantee="exactly once",
            note=f"{boards.described()}, while the job runs",
        )
        for number, found in rates.items()
    ]
