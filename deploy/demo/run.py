"""Everything in one go: stack, model, railway, poller, job; then a look at what comes out; then the end of it all."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

import msgspec
from rich.console import Console

from deploy.demo import model, railway
from deploy.demo.job import Job
from deploy.demo.railway import Railway
from deploy.demo.reader import reading
from deploy.demo.score import Score
from deploy.demo.view import Moment, showing
from deploy.local import restarts
from deploy.local.programs import PARTS
from deploy.local.stack import Stack
from zielzeit import topics
from zielzeit.kafka.admin import ensure_topics, remove_topics
from zielzeit.progress import Progress, Shown
from zielzeit.settings import Settings, load

TOPIC_PREFIX = "demo."
"""Keeps a simulated clock's records, which each demo makes anew, apart from those of real boards."""

_CHECKPOINT_SECONDS = 3.0
"""Readers see what is committed, once a checkpoint."""
_IDLE_SECONDS = 45.0
"""Longer than a restart of the broker: time must not run ahead on the partition that comes back first."""
_LOOK_SECONDS = 2.0
_READ_SECONDS = 0.25
_TROUBLE_LENGTH = 120
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to see."""

    minutes: float | None
    """Real minutes to watch from the moment the job runs; None: until Ctrl-C."""
    stations: int
    speed: float
    seed: int


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came out."""

    score: Score
    first_prediction_seconds: float | None
    """From the start of the demo to the first prediction that a reader saw."""


def demo_settings() -> Settings:
    """The environment's settings, with topics, clock and checkpoints of the demo."""
    given = load()
    return load(
        topic_prefix=given.topic_prefix + TOPIC_PREFIX,
        # One for each source: a source without partition would hold time back.
        topic_partitions=given.parallelism,
        start_from="earliest-offset",
        checkpoint_interval_seconds=min(given.checkpoint_interval_seconds, _CHECKPOINT_SECONDS),
        idle_timeout_seconds=max(given.idle_timeout_seconds, _IDLE_SECONDS),
    )


def run(wish: Wish, settings: Settings, console: Console) -> Result:
    """Start what is not running, watch, and leave the machine as it was; Ctrl-C ends the watching.

    Raises UserError where something cannot be started or the job fails, KeyboardInterrupt for a Ctrl-C before that.
    """
    began = time.monotonic()
    stack, job, progress = Stack(settings), Job(settings), Shown(console, every_seconds=0)
    with _interruptible(), ExitStack() as at_the_end:
        before = {status.part for status in stack.status() if status.state != "down"}
        at_the_end.callback(_leave, stack, job, before, progress)
        with progress.step("Stack: Kafka, Flink, MLflow") as step:
            stack.up(progress=lambda statuses: step.say(", ".join(f"{each.name} {each.state}" for each in statuses)))
        _ensure_model(wish, settings, console, progress)
        with progress.step(f"Railway of {wish.stations} stations and its poller"):
            _begin_anew(stack, job)
            simulated = railway.begin(wish.stations, wish.seed, wish.speed)
            stack.receive(railway.guests(simulated, settings, stack.layout.root / "demo"))
        with progress.step("Job") as step:
            job.start(step)
        score, first = _watch(wish, simulated, stack, job, console)
    return Result(score=score, first_prediction_seconds=first and first - began)


def _ensure_model(wish: Wish, settings: Settings, console: Console, progress: Progress) -> None:
    version = model.champion(settings)
    if version is not None:
        console.print(f"[green]✓[/] Model: {settings.model_name} version {version}", highlight=False)
        return
    with progress.step("Model: training a first one") as step:
        trained = model.train(settings, wish.stations, wish.seed, step)
    if not trained:
        console.print("No model could be made: the job says what persistence says, version baseline", style="yellow")


def _begin_anew(stack: Stack, job: Job) -> None:
    """End what an earlier demo left, and empty the topics: its clock ran through the same hours."""
    job.end()
    stack.dismiss()
    remove_topics(stack.settings, topics.ALL)
    ensure_topics(stack.settings, topics.ALL)


def _watch(wish: Wish, simulated: Railway, stack: Stack, job: Job, console: Console) -> tuple[Score, float | None]:
    """What was read, and the instant (of the monotonic clock) at which the first prediction was."""
    settings, score, first = stack.settings, Score(), None
    links = {
        "Flink": job.url,
        "MLflow": settings.mlflow_uri,
        "Simulator": f"{simulated.url}/stations.json",
        "Kafka": f"{settings.kafka_bootstrap}, topics {settings.topic('*')}",
        "Look": f"ZIELZEIT_TOPIC_PREFIX={settings.topic_prefix} ./zielzeit tail predictions",
    }
    earlier, looked = restarts.read(stack.layout.journal), 0.0
    word, again = "RUNNING", dict[str, int]()
    end = time.monotonic() + wish.minutes * 60 if wish.minutes is not None else float("inf")
    with suppress(KeyboardInterrupt), reading(settings) as reader, showing(console, links) as view:
        while time.monotonic() < end:
            for event in reader.read(_READ_SECONDS):
                score.take(event)
                view.event(event)
            if first is None and score.predictions:
                first = time.monotonic()
            if time.monotonic() - looked >= _LOOK_SECONDS:
                looked = time.monotonic()
                score.boards = reader.boards()
                word = job.look()
                if word == "RESTARTING":
                    word = f"{word} ({job.trouble()[:_TROUBLE_LENGTH]})"
                again = _new_restarts(stack, earlier)
            view.refresh(score, Moment(simulated=simulated.now(), speed=wish.speed, job=word, restarts=again))
    return score, first


def _leave(stack: Stack, job: Job, before: set[str], progress: Progress) -> None:
    """Take down what the demo started, and only that."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    mine = [part for part in PARTS if part not in before]
    with progress.step("Taking down what the demo started"):
        job.end()
        stack.dismiss()
        if mine:
            stack.down(mine if before else ())


def _new_restarts(stack: Stack, earlier: Mapping[str, restarts.Record]) -> dict[str, int]:
    """How often each program ended and was started again since then."""
    nothing = restarts.Record(0, False)
    counts = {
        name: record.ends - earlier.get(name, nothing).ends
        for name, record in restarts.read(stack.layout.journal).items()
    }
    return {name: count for name, count in counts.items() if count}


@contextmanager
def _interruptible() -> Iterator[None]:
    """A request to end from anywhere is a Ctrl-C; how signals were handled comes back at the end."""
    handlers = {number: signal.signal(number, signal.default_int_handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
