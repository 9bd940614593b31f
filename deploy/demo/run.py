"""The demo from start to end: stack, model, railway, poller and job start, the results are shown, all is taken down."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

import msgspec
from rich.console import Console

from deploy.demo import model, railway
from deploy.demo.job import DemoJob
from deploy.demo.railway import Railway
from deploy.demo.reader import reading
from deploy.demo.statistics import DemoStatistics
from deploy.demo.view import Moment, showing
from deploy.local import restart_journal
from deploy.local.programs import PARTS
from deploy.local.stack import Stack
from zielzeit import topics
from zielzeit.kafka.admin import ensure_topics, remove_topics
from zielzeit.progress import Progress, Shown
from zielzeit.settings import Settings, load

TOPIC_PREFIX = "demo."
"""Prefix of the demo's topics: records of a simulated clock stay apart from those of real boards."""
MODEL_SUFFIX = "-demo"
"""End of the name of the demo's model: a toy of a simulated railway never becomes champion of the real one."""

_CHECKPOINT_SECONDS = 3.0
"""Seconds between two checkpoints: readers see records once a checkpoint."""
_IDLE_SECONDS = 45.0
"""Seconds until an idle partition is ignored; longer than the broker takes to restart."""
_LOOK_SECONDS = 2.0
_READ_SECONDS = 0.25
_TROUBLE_LENGTH = 120
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of a demo."""

    minutes: float | None
    """Real minutes from the moment the job runs to the end; None: until Ctrl-C."""
    stations: int
    speed: float
    seed: int


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a demo."""

    statistics: DemoStatistics
    first_prediction_seconds: float | None
    """Seconds from the start of the demo to the first prediction that a reader saw."""


def demo_settings() -> Settings:
    """The environment's settings, with topics, clock and checkpoints of the demo."""
    given = load()
    return load(
        topic_prefix=given.topic_prefix + TOPIC_PREFIX,
        boards_ahead_minutes=0,
        model_name=given.model_name + MODEL_SUFFIX,
        # One for each source: a source without partition would hold time back.
        topic_partitions=given.parallelism,
        start_from="earliest-offset",
        checkpoint_interval_seconds=min(given.checkpoint_interval_seconds, _CHECKPOINT_SECONDS),
        idle_timeout_seconds=max(given.idle_timeout_seconds, _IDLE_SECONDS),
    )


def run(options: DemoOptions, settings: Settings, console: Console) -> Result:
    """Start what does not run, show the results, and leave the machine as it was; Ctrl-C ends the show.

    Raises UserError if something cannot be started or the job fails, KeyboardInterrupt for a Ctrl-C before that.
    """
    began = time.monotonic()
    stack, job, progress = Stack(settings), DemoJob(settings), Shown(console, every_seconds=0)
    with _interruptible(), ExitStack() as at_the_end:
        before = {status.part for status in stack.status() if status.state != "down"}
        at_the_end.callback(_leave, stack, job, before, progress)
        with progress.step("Stack: Kafka, Flink, MLflow") as step:
            stack.up(watcher=lambda statuses: step.say(", ".join(f"{each.name} {each.state}" for each in statuses)))
        _ensure_model(options, settings, console, progress)
        with progress.step(f"Railway of {options.stations} stations and its poller"):
            _begin_anew(stack, job)
            simulated = railway.begin(options.stations, options.seed, options.speed)
            stack.add(railway.programs(simulated, settings, stack.folders.root / "demo"))
        with progress.step("Job") as step:
            job.start(step)
        statistics, first = _watch(options, simulated, stack, job, console)
    return Result(statistics=statistics, first_prediction_seconds=first and first - began)


def _ensure_model(options: DemoOptions, settings: Settings, console: Console, progress: Progress) -> None:
    version = model.champion(settings)
    if version is not None:
        console.print(f"[green]✓[/] Model: {settings.model_name} version {version}", highlight=False)
        return
    fault = model.train(settings, options.stations, options.seed, progress)
    if fault is not None:
        console.print(
            f"No model could be trained ({fault}): the job falls back to persistence (model version baseline)",
            style="yellow",
            markup=False,
        )


def _begin_anew(stack: Stack, job: DemoJob) -> None:
    """End the rest of an earlier demo and empty the topics: its clock ran through the same hours."""
    job.end()
    stack.remove_added()
    remove_topics(stack.settings, topics.ALL)
    ensure_topics(stack.settings, topics.ALL)


def _watch(
    options: DemoOptions, simulated: Railway, stack: Stack, job: DemoJob, console: Console
) -> tuple[DemoStatistics, float | None]:
    """What was read, and when the first prediction was read (seconds of the monotonic clock)."""
    settings, statistics, first = stack.settings, DemoStatistics(), None
    links = {
        "Flink": job.url,
        "MLflow": settings.mlflow_uri,
        "Simulator": f"{simulated.url}/stations.json",
        "Kafka": f"{settings.kafka_bootstrap}, topics {settings.topic('*')}",
        "Look": f"ZIELZEIT_TOPIC_PREFIX={settings.topic_prefix} ./zielzeit tail predictions",
    }
    earlier, looked = restart_journal.read(stack.folders.journal), 0.0
    word, again = "RUNNING", dict[str, int]()
    end = time.monotonic() + options.minutes * 60 if options.minutes is not None else float("inf")
    with suppress(KeyboardInterrupt), reading(settings) as reader, showing(console, links) as view:
        while time.monotonic() < end:
            for event in reader.read(_READ_SECONDS):
                statistics.take(event)
                view.event(event)
            if first is None and statistics.predictions:
                first = time.monotonic()
            if time.monotonic() - looked >= _LOOK_SECONDS:
                looked = time.monotonic()
                statistics.boards = reader.boards()
                word = job.look()
                if word == "RESTARTING":
                    word = f"{word} ({job.trouble()[:_TROUBLE_LENGTH]})"
                again = _new_restarts(stack, earlier)
            view.refresh(statistics, Moment(simulated=simulated.now(), speed=options.speed, job=word, restarts=again))
    return statistics, first


def _leave(stack: Stack, job: DemoJob, before: set[str], progress: Progress) -> None:
    """Stop the programs and parts that the demo started."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    mine = [part for part in PARTS if part not in before]
    with progress.step("Taking down what the demo started"):
        job.end()
        stack.remove_added()
        if mine:
            stack.down(mine if before else ())


def _new_restarts(stack: Stack, earlier: Mapping[str, restart_journal.Record]) -> dict[str, int]:
    """Number of restarts of each program since then."""
    nothing = restart_journal.Record(0, False)
    counts = {
        name: record.ends - earlier.get(name, nothing).ends
        for name, record in restart_journal.read(stack.folders.journal).items()
    }
    return {name: count for name, count in counts.items() if count}


@contextmanager
def _interruptible() -> Iterator[None]:
    """Handle SIGTERM and SIGHUP like Ctrl-C; restore the earlier handlers at the end."""
    handlers = {number: signal.signal(number, signal.default_int_handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
