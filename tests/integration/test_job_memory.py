"""After a simulated week the job's state is as large as after a day: entries and timers end with their trains."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.cluster.job_description import PREDICT
from deploy.cluster.start import start
from deploy.cluster.stop import stop
from deploy.cluster.submit import submit
from deploy.local.stack import Stack
from tests.integration import job
from tests.waiting import wait_until
from zielzeit import topics
from zielzeit.berlin_time import BERLIN
from zielzeit.boards.record import BoardRecord
from zielzeit.recordings.read import read_boards
from zielzeit.settings import Settings
from zielzeit.simulator import recording, timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.world import World

pytestmark = pytest.mark.integration

STATIONS, DAYS, EVERY = 5, 7, 900
START = datetime(2026, 3, 9, 3, tzinfo=BERLIN)
OPERATORS = ("decide", "follow", "describe", "score")


def test_after_a_week_keyed_state_and_timers_are_back_at_the_level_of_a_day(stack: Stack, tmp_path: Path) -> None:
    sizes, on_disk = measured(stack, tmp_path, STATIONS, DAYS, EVERY)
    for day, found in enumerate(sizes, 1):
        print(f"after day {day}: " + ", ".join(f"{name} {size}" for name, size in found.items()))
    for operator in OPERATORS:
        kept = [found[operator] for found in sizes]
        assert kept[-1] < 1.2 * kept[1], (operator, kept)  # the day's memory is full after the second day
    assert on_disk["checkpointed_size"] < 0.5 * on_disk["state_size"], "a checkpoint writes what changed"


def measured(
    stack: Stack, folder: Path, stations: int, days: int, every: int
) -> tuple[list[dict[str, int]], dict[str, Any]]:
    """Bytes of checkpointed state, timers included, of each operator at three in the morning of each day.

    They are counted on the heap: on the disk what was removed takes room until RocksDB compacts its files. The second
    value is a checkpoint, in Flink's words, of the job that goes on there.
    """
    settings = job.settings_for(
        stack,
        bounded=False,
        idle_timeout_seconds=600.0,
        start_from="earliest-offset",
        state_backend="hashmap",
    )
    boards = _boards(folder, stations, days, every)
    sizes: list[dict[str, int]] = []
    running = None
    try:
        for day in range(1, days + 1):
            until = START + timedelta(days=day)
            job.publish(settings, [b for b in boards if until - timedelta(days=1) <= b.polled_at < until])
            job.publish_at(settings, _markers(settings, until, day))
            running = running or submit(settings)
            wait_until("the day's end", lambda day=day: _marked(settings) >= day * settings.topic_partitions)  # type: ignore[misc]
            sizes.append(_sizes(settings, running))
        (stopped,) = stop(PREDICT, settings)
        settings = settings.model_copy(update={"state_backend": "rocksdb"})
        running = start(PREDICT, settings, resume=stopped.savepoint)
        on_disk = _checkpoint(settings, running)
    finally:
        if running is not None:
            job.cancel(settings, running)
    return sizes, on_disk


def _boards(folder: Path, stations: int, days: int, every: int) -> list[BoardRecord]:
    out = folder / "week.jsonl.zst"
    railway = World(timetable.build(stations, seed=3))
    recording.record(railway, out, start=START, hours=24 * days, every=every, faults=Faults.parse("none", seed=3))
    return list(read_boards([out]))


def _markers(settings: Settings, at: datetime, day: int) -> list[tuple[int, BoardRecord]]:
    """On every partition a broken board, which becomes a dead letter when the day is done, and a later empty board."""
    return [
        (partition, BoardRecord(station=f"End {partition}", body=body, polled_at=time, source="replay", url=""))
        for time, body in ((at - timedelta(minutes=20), b"{"), (at, b'{"departures": []}'))
        for partition in range(settings.topic_partitions)
    ]


def _marked(settings: Settings) -> int:
    return sum(letter["key"].startswith("End ") for letter in job.records(settings, topics.DEAD_LETTERS))


def _checkpoint(settings: Settings, running: str) -> dict[str, Any]:
    """The second checkpoint that completes from now on: the first one may have begun before."""
    path = f"/jobs/{running}/checkpoints"
    job.wait_for_checkpoints(settings, running, job.completed_checkpoints(settings, running) + 2)
    number = job.get(settings, path)["latest"]["completed"]["id"]
    found: dict[str, Any] = job.get(settings, f"{path}/details/{number}")
    return found


def _sizes(settings: Settings, running: str) -> dict[str, int]:
    tasks = _checkpoint(settings, running)["tasks"]
    names = {vertex["id"]: vertex["name"] for vertex in job.get(settings, f"/jobs/{running}")["vertices"]}
    return {
        operator: sum(task["state_size"] for id_, task in tasks.items() if operator in names[id_])
        for operator in OPERATORS
    }
