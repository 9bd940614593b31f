"""The job on a real broker and a real cluster gives what the rules give, whatever happens to its processes."""

from __future__ import annotations

import itertools
from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from deploy.cluster.job_description import PREDICT
from deploy.cluster.job_status import JobStatus, job_statuses
from deploy.cluster.start import start
from deploy.cluster.stop import stop
from deploy.local.stack import Stack
from tests.integration import job
from zielzeit import topics
from zielzeit.berlin_time import BERLIN
from zielzeit.boards.parse import decompress
from zielzeit.boards.record import BoardRecord
from zielzeit.errors import UserError
from zielzeit.evaluation.rebuild_boards import rebuild
from zielzeit.recordings.read import read_boards
from zielzeit.settings import ROOT, Settings

pytestmark = pytest.mark.integration

DATA = ROOT.parent / "shared" / "data"
RECORDED, BERLIN_FEED = DATA / "dbf-boards", DATA / "berlin-133"


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded boards are not beside the project")
@pytest.mark.parametrize(("folder", "mode"), [("frankfurt", "thread"), ("frankfurt-past", "process")])
def test_recorded_boards_through_replay_and_job_give_the_decisions_of_decide(
    stack: Stack, folder: str, mode: str
) -> None:
    settings = job.settings_for(stack, flink_execution_mode=mode)
    boards = list(read_boards([RECORDED / folder], "Frankfurt(Main)Hbf"))
    job.publish(settings, boards)
    job.run_to_end(settings)
    job.assert_once(settings, job.decided_offline(settings, boards))


@pytest.mark.skipif(not BERLIN_FEED.is_dir(), reason="the Berlin feed is not beside the project")
def test_sparse_boards_of_several_stations_of_berlin_give_the_decisions_of_decide(stack: Stack) -> None:
    settings = job.settings_for(stack)
    begin = datetime(2025, 9, 3, 14, tzinfo=BERLIN)
    only = {"Berlin Ostkreuz", "Berlin-Lichtenberg", "Berlin Hbf"}
    boards = list(
        rebuild(BERLIN_FEED, None, begin, begin + timedelta(hours=4), every=900, past=False, only=frozenset(only))
    )
    assert {board.station for board in boards} == only
    job.publish(settings, boards)
    job.run_to_end(settings)
    job.assert_once(settings, job.decided_offline(settings, boards))


@pytest.mark.parametrize(("mode", "parallelism"), [("thread", 1), ("process", 2)])
def test_boards_out_of_order_inside_the_grace_doubled_or_broken_change_nothing(
    stack: Stack, evening: Sequence[BoardRecord], mode: str, parallelism: int
) -> None:
    settings = job.settings_for(stack, flink_execution_mode=mode, parallelism=parallelism)
    broken = BoardRecord(
        station=evening[0].station,
        body=b'{"departures": [{"train":',
        polled_at=evening[0].polled_at + timedelta(seconds=30),
        source="replay",
        url="",
    )
    # Every third board comes four minutes late, every fourth one twice.
    late = [
        board.polled_at + timedelta(minutes=4) if index % 3 == 0 else board.polled_at
        for index, board in enumerate(evening)
    ]
    shuffled = [board for _, board in sorted(zip(late, evening, strict=True), key=lambda pair: pair[0])]
    doubled = itertools.chain.from_iterable(
        [board, board] if index % 4 == 0 else [board] for index, board in enumerate(shuffled)
    )
    job.publish(settings, [broken, *doubled])
    job.run_to_end(settings)
    job.assert_once(settings, job.decided_offline(settings, evening))
    letters = job.records(settings, topics.DEAD_LETTERS)
    (letter,) = [one for one in letters if not one["reason"].startswith("an old board")]
    assert (letter["key"], letter["topic"]) == (broken.station, settings.topic(topics.BOARDS))
    assert letter["offset"] == 0
    assert decompress(b64decode(letter["body"])) == broken.body
    assert "truncated" in letter["reason"]


def test_a_killed_task_manager_loses_nothing_and_doubles_nothing(stack: Stack, evening: Sequence[BoardRecord]) -> None:
    settings = job.settings_for(stack, bounded=False, idle_timeout_seconds=600.0, start_from="earliest-offset")
    expected = job.decided_offline(settings, evening)
    half = len(evening) // 2
    job.publish(settings, evening[:half])
    started = start(PREDICT, settings)
    job.wait_for_checkpoint(settings, started)
    with pytest.raises(
        UserError, match=f"{started}.*would double every prediction: stop it first with `./zielzeit stop "
    ):
        start(PREDICT, settings)
    job.kill_program(stack, "taskmanager-1")
    job.wait_until("the status tells of the restart", lambda: _status(settings).state == "restarting")
    job.publish(settings, evening[half:])
    job.publish_end_of_time(settings, evening[-1].polled_at)
    try:
        job.wait_for_records(settings, topics.OUTCOMES, _departed(expected))
        known = job.records(settings, *topics.DECISIONS)
        final = {decision["id"] for decision in known if decision["kind"] == "departed"}
        assert final == {decision["id"] for decision in expected if decision["kind"] == "departed"}
        job.assert_each_once(settings, expected)
        job.assert_told_early(settings, evening)
        job.assert_restarted(settings, started)
        assert _status(settings).state == "running"
    finally:
        stack.up()
        stop(PREDICT, settings, savepoint=False)


def _status(settings: Settings) -> JobStatus:
    """What ``stack status`` says of the settings' job."""
    (status,) = (status for status in job_statuses(settings) if status.name == settings.job_name)
    return status


def _departed(decisions: Sequence[dict[str, object]]) -> int:
    return sum(decision["kind"] == "departed" for decision in decisions)
