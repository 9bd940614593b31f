"""How many rows of boards a second the job takes, beside its decision alone in a bare loop, in one run.

    ./zielzeit stack up
    .venv/bin/python -m bench.job ../shared/data/dbf-boards/frankfurt-past --stations 50

The recording is published once for each of so many made-up stations, then read by the bounded job as often as
``--repeat`` says: the first time in TaskManagers that have just started if the stack has, so that their compilers are
still at work. Every repetition takes topics of its own and removes them.
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
    """Print a line for the bare loop and one for each repetition of the job."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", type=Path, nargs="+", help="recorded boards of one station")
    parser.add_argument("--stations", type=int, default=50, help="made-up stations that show these boards")
    parser.add_argument("--repeat", type=int, default=3, help="how often the job reads them")
    options = parser.parse_args()
    boards = list(read_boards(options.paths, "Speed"))
    rows = sum(len(parse.parse(one.body).rows) for one in boards)
    settings = configuration.load()
    _say("the decision alone, one process", rows, _alone(settings, boards))
    for repetition in range(1, options.repeat + 1):
        waited, seconds = _job(settings, boards, options.stations)
        _say(f"the job, run {repetition}, {waited:.1f} s until all of it ran", rows * options.stations, seconds)


def _alone(settings: Settings, boards: Sequence[BoardRecord]) -> float:
    compressed = [msgspec.structs.replace(one, body=compress(one.body)) for one in boards]
    begin = time.perf_counter()
    for _ in decide(compressed, Decider.of(settings)):
        pass
    return time.perf_counter() - begin


def _job(settings: Settings, boards: Sequence[BoardRecord], stations: int) -> tuple[float, float]:
    """Seconds from when the cluster has the job: until every task ran, and to the end."""
    unique = f"speed-{uuid.uuid4().hex[:8]}"
    own = settings.model_copy(
        update={"topic_prefix": f"{unique}.", "group_id": unique, "bounded": True, "start_from": "earliest-offset"}
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
