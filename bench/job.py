"""Throughput of the whole job and of the decision alone, rows of boards a second, in one run.

    ./zielzeit stack up
    PYTHONPATH=src:. .venv/bin/python -m bench.job ../shared/data/dbf-boards/frankfurt-past --stations 50

Publishes the recording under ``--stations`` made-up names and lets the bounded job read it to the end, ``--repeat``
times. In TaskManagers that have just started the first time is slower: their compilers are still at work. Every
repetition has topics of its own and removes them. The job scores with the registry's champion, else with persistence.
"""

from __future__ import annotations

import argparse
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import msgspec

from deploy.cluster import jobs
from deploy.cluster.submit import submit
from zielzeit import settings as configuration
from zielzeit import topics
from zielzeit.boards import parse
from zielzeit.boards.record import BoardRecord, compress
from zielzeit.decision.decider import Decider
from zielzeit.decision.offline import decide
from zielzeit.kafka.admin import ensure_topics, remove_topics
from zielzeit.kafka.producer import BoardProducer
from zielzeit.progress import Shown, counted
from zielzeit.recordings.read import read_boards
from zielzeit.settings import Settings

_POLL_SECONDS = 0.2


def main() -> None:
    """Print a line for the decision alone and one for each repetition of the job."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", type=Path, nargs="+", help="recorded boards of one station")
    parser.add_argument("--stations", type=int, default=50, help="number of made-up stations that show these boards")
    parser.add_argument("--repeat", type=int, default=3, help="number of runs of the job")
    options = parser.parse_args()
    boards = list(read_boards(options.paths, "Speed"))
    rows = sum(len(parse.parse(one.body).rows) for one in boards)
    settings = configuration.load()
    _say("the decision alone, one process", rows, _alone(settings, boards))
    for repetition in range(1, options.repeat + 1):
        waited, seconds = _job(settings, boards, options.stations)
        _say(f"the job, run {repetition}, {waited:.1f} s until all of it ran", rows * options.stations, seconds)


def _alone(settings: Settings, boards: Sequence[BoardRecord]) -> float:
    """Seconds of the second time: the first loads the station register."""
    compressed = [msgspec.structs.replace(one, body=compress(one.body)) for one in boards]
    for _ in range(2):
        begin = time.perf_counter()
        for _ in decide(compressed, Decider.of(settings)):
            pass
        seconds = time.perf_counter() - begin
    return seconds


def _job(settings: Settings, boards: Sequence[BoardRecord], stations: int) -> tuple[float, float]:
    """Seconds from when the cluster has the job: until every task ran, and to the end."""
    unique = f"speed-{uuid.uuid4().hex[:8]}"
    own = settings.model_copy(
        update={
            "topic_prefix": f"{unique}.",
            "group_id": unique,
            "bounded": True,
            "start_from": "earliest-offset",
            "restart_attempts": 3,
        }
    )
    ensure_topics(own, topics.ALL)
    try:
        with BoardProducer(own) as producer:
            for one in counted(Shown(), "boards published", len(boards), boards):
                for number in range(stations):
                    producer.publish(msgspec.structs.replace(one, station=f"Speed {number}"))
            producer.flush()
            producer.check()
        job, begin, ran = submit(own), time.perf_counter(), 0.0
        while not jobs.has_ended(word := jobs.state(own, job)):
            ran = ran or (time.perf_counter() - begin if word == "RUNNING" else 0.0)
            time.sleep(_POLL_SECONDS)
        if word != "FINISHED":
            raise SystemExit(f"the job is {word}: {jobs.failure(own, job)}")
        return ran, time.perf_counter() - begin
    finally:
        remove_topics(own, topics.ALL)


def _say(what: str, rows: int, seconds: float) -> None:
    print(f"{what:45} {rows / seconds:10,.0f} rows/s  ({rows:,} rows in {seconds:.1f} s)")


if __name__ == "__main__":
    main()
