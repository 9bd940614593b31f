"""One decision, several engines: the same topic, the same boards, equal decisions, in alternation.

Each engine has two processes or slots. A run is timed from the first board that a process takes, or from when all of
the Flink job runs, to the moment when the last decision is written and the last offset committed.
"""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bench.cluster import own_group, own_topics, run_job
from bench.inputs import Boards, publish
from bench.measurement import Measurement, summary
from bench.peers import run as peers
from bench.peers.run import PROCESSES, Peer
from deploy.cluster.job_description import PREDICT
from deploy.local.stack import Stack
from zielzeit import topics
from zielzeit.errors import UserError
from zielzeit.kafka.admin import ensure_topics, remove_topics
from zielzeit.kafka.consumer import read_topic
from zielzeit.progress import Progress
from zielzeit.settings import Settings

_WRITTEN: Final = tuple(name for name in topics.ALL if name != topics.BOARDS)
_DECIDE_ONLY: Final = msgspec.structs.replace(
    PREDICT, module="flink_jobs.decisions", name=lambda settings: f"{settings.job_name}-decisions"
)


class Engine(NamedTuple):
    """An engine to compare: a peer, or our own job."""

    title: str
    guarantee: str
    peer: Peer | None = None


ENGINES: Final = (
    Engine("naive decision, bare loop", "at least once", Peer("bare", "bench.peers.bare", naive=True)),
    Engine("bare loop", "at least once", Peer("bare", "bench.peers.bare")),
    Engine("Bytewax", "at least once", Peer("bytewax", "bench.peers.bytewax_flow")),
    Engine("Quix Streams", "exactly once", Peer("quix", "bench.peers.quix", endless=True)),
    Engine("Flink job without scoring", "exactly once"),
)


def measure(stack: Stack, boards: Boards, repeat: int, folder: Path, progress: Progress) -> list[Measurement]:
    """Rows a second of every engine. Raises UserError where two engines decide differently."""
    settings = own_topics(stack.settings, checkpoint_interval_seconds=1.0)
    publish(settings, boards, boards.count, progress)
    rates: dict[str, list[float]] = {engine.title: [] for engine in ENGINES}
    expected: Counter[bytes] | None = None
    with progress.step("engines", repeat * len(ENGINES)) as step:
        for _ in range(repeat):
            for engine in ENGINES:
                step.say(engine.title)
                own = settings.model_copy(update=own_group())
                rates[engine.title].append(boards.rows / _seconds(stack, own, engine, folder, progress))
                if engine.peer is None or not engine.peer.naive:
                    decided = _decided(own, boards)
                    expected = decided if expected is None else expected
                    _check_equal(engine, decided, expected)
                remove_topics(own, _WRITTEN)
                ensure_topics(own, _WRITTEN)
                step.advance()
    remove_topics(settings, topics.ALL)
    note = f"{boards.described()}, {PROCESSES} processes, {(expected or Counter()).total():,} equal decisions"
    return [
        summary("engines", engine.title, "rows/s", rates[engine.title], guarantee=engine.guarantee, note=note)
        for engine in ENGINES
    ]


def _seconds(stack: Stack, settings: Settings, engine: Engine, folder: Path, progress: Progress) -> float:
    if engine.peer is not None:
        return peers.seconds(engine.peer, settings, folder, progress)
    run = run_job(stack, settings, _DECIDE_ONLY)
    return run.seconds - run.until_running


def _decided(settings: Settings, boards: Boards) -> Counter[bytes]:
    """How often each decision was written. Those that an engine makes only at the end of all input are left out."""
    return Counter(
        record.value
        for name in topics.DECISIONS
        for record in read_topic(settings, name, from_beginning=True, follow=False, stop=threading.Event())
        if record.at < boards.newest
    )


def _check_equal(engine: Engine, decided: Counter[bytes], expected: Counter[bytes]) -> None:
    missing, other = (expected - decided).total(), (decided - expected).total()
    if missing or other or not decided:
        raise UserError(f"{engine.title} decided otherwise: {missing:,} decisions are missing, {other:,} are others")
