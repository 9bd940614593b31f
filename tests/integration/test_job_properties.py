"""The properties of the decision, for the operator itself: in one stream many stations that Hypothesis made up.

Each scenario is a station of its own. Its boards are shuffled inside the grace, some come twice, and they lie on any
partition, as if several pollers wrote them; somewhere in between the job is stopped and goes on from its savepoint at
another parallelism, so that its stations move, and after another stop boards come that are too late. Whatever happens,
each station must have the decisions of the pure fold.

``SCENARIO_SEED=… pytest …`` makes up other stations, to explore or to repeat what somebody found; the boards of what
failed are kept for ``zielzeit decide``.
"""

from __future__ import annotations

import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from deploy.cluster.job_description import PREDICT
from deploy.cluster.start import start
from deploy.cluster.stop import stop
from deploy.cluster.submit import submit
from deploy.local.stack import Stack
from tests.decision.scenarios import START, recordings
from tests.decision.stream import Arrival, Stream
from tests.integration import job
from tests.waiting import wait_until
from zielzeit import berlin_time, topics
from zielzeit.berlin_time import MINUTE
from zielzeit.boards.record import BoardRecord
from zielzeit.decision.decider import Decider, RejectedBoard
from zielzeit.decision.offline import decide
from zielzeit.events.structs import Decision
from zielzeit.recordings.json_lines import encode_line
from zielzeit.settings import Settings

pytestmark = pytest.mark.integration

SEED = int(os.environ.get("SCENARIO_SEED", "1"))
SCENARIOS, BOARDS_AT_LEAST, PARTITIONS, DAY = 150, 10, 4, 24 * 60 * MINUTE
BROKEN, EMPTY = b'{"departures": [', b'{"departures": []}'
MARKERS = [f"End {number}" for number in range(40)]
"""Stations that come to lie on every subtask: what is theirs comes after all that was due before."""


class Scenario(msgspec.Struct, frozen=True):
    """A station: its boards in order, and how they come."""

    name: str
    boards: list[Arrival]
    sent: list[tuple[float, int, Arrival]]
    """(place in time, partition, board)."""
    too_late: list[Arrival]


def scenarios(count: int, of_seed: int) -> list[Scenario]:
    """What Hypothesis makes of a seed."""
    found: list[Scenario] = []

    @seed(of_seed)
    @hypothesis_settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(recordings(at_least=BOARDS_AT_LEAST), st.integers(0, 2**32))
    def collect(drawn: list[Arrival], way: int) -> None:
        name, rng = f"Scenario {len(found)}", random.Random(way)
        boards = [board._replace(station=name) for board in drawn]
        copies = [board for board in boards for _ in range(1 + (rng.random() < 0.3))]
        sent = [(b.polled_at + rng.random() * (5 * MINUTE - 1), rng.randrange(PARTITIONS), b) for b in copies]
        whole = [board for board in boards if board.value.endswith(b"}")]
        too_late = [
            Arrival(name, board.polled_at - 30_000, rng.choice(whole).value)
            for board in whole[1:]
            if rng.random() < 0.2
        ]
        found.append(Scenario(name, boards, sent, too_late))

    collect()
    return found


def markers(after: int) -> list[tuple[int, Arrival]]:
    """On every partition: boards that are none and become dead letters, and later ones that carry time past them."""
    return [
        (place % PARTITIONS, Arrival(name, START + at, value))
        for at, value in ((after, BROKEN), (after + DAY, EMPTY))
        for place, name in enumerate(MARKERS)
    ]


def as_record(board: Arrival) -> BoardRecord:
    """As the fold offline takes it."""
    at = berlin_time.datetime_of(board.polled_at)
    return BoardRecord(station=board.station, body=board.value, polled_at=at, source="replay", url="")


class Found(msgspec.Struct):
    """What became of one station's boards, byte for byte."""

    decisions: Counter[bytes]
    letters: Counter[str]


def folded(settings: Settings, scenario: Scenario) -> Found:
    """The pure fold over a scenario's boards in order, and after that the ones that come too late."""
    decider = Decider.of(settings)
    end = Arrival(scenario.name + " end", START + 2 * DAY, EMPTY)
    outcomes = [o for _, _, o in decide([as_record(b) for b in [*scenario.boards, end]], decider)]
    return gathered([*outcomes, *_late(settings, scenario)])


def _late(settings: Settings, scenario: Scenario) -> Iterator[Any]:
    stream = standing_in(settings, scenario.boards)
    before = len(stream.outputs)
    for board in scenario.too_late:
        stream.arrive(board)
    yield from stream.outputs[before:]


def standing_in(settings: Settings, boards: Iterable[Arrival]) -> Stream:
    """The operator's stand-in without Flink, to see whether a failure is Flink's."""
    stream, newest = Stream(Decider.of(settings)), 0
    for board in boards:
        stream.arrive(board)
        newest = max(newest, board.polled_at)
        stream.pass_watermark(newest)
    stream.pass_watermark(START + 2 * DAY)
    return stream


def gathered(outcomes: Iterable[Any]) -> Found:
    """Outcomes as they look on the topics."""
    found = Found(Counter(), Counter())
    for outcome in outcomes:
        if isinstance(outcome, RejectedBoard):
            found.letters[outcome.reason] += 1
        elif isinstance(outcome, Decision):
            found.decisions[msgspec.json.encode(outcome)] += 1
    return found


def on_topics(settings: Settings) -> dict[str, Found]:
    """What the job wrote, by station."""
    found: defaultdict[str, Found] = defaultdict(lambda: Found(Counter(), Counter()))
    for value in job.values(settings, *topics.DECISIONS):
        found[msgspec.json.decode(value)["station"]].decisions[value] += 1
    for letter in job.records(settings, topics.DEAD_LETTERS):
        found[letter["key"]].letters[letter["reason"]] += 1
    return found


@pytest.mark.parametrize(("mode", "parallelism"), [("thread", (2, 1, 2)), ("process", (1, 1, 1))])
def test_any_order_copies_partitions_restarts_and_rescaling_give_each_station_the_decisions_of_the_fold(
    stack: Stack, tmp_path: Path, mode: str, parallelism: tuple[int, int, int]
) -> None:
    settings = job.settings_for(
        stack,
        flink_execution_mode=mode,
        parallelism=parallelism[0],
        bounded=False,
        idle_timeout_seconds=600.0,
        start_from="earliest-offset",
        topic_partitions=PARTITIONS,
        state_backend="hashmap",
    )
    cases = scenarios(SCENARIOS, SEED)
    arrivals = sorted(((at, partition, board) for case in cases for at, partition, board in case.sent), key=_when)
    cut = random.Random(SEED).randrange(len(arrivals) // 4, 3 * len(arrivals) // 4)
    job.publish_at(settings, [(partition, as_record(board)) for _, partition, board in arrivals[:cut]])
    running = submit(settings)
    try:
        job.wait_for_checkpoint(settings, running)
        # A savepoint is for either backend, and for any parallelism.
        settings = settings.model_copy(update={"state_backend": "rocksdb", "parallelism": parallelism[1]})
        running = _restart(settings, running)
        rest = [(partition, board) for _, partition, board in arrivals[cut:]] + markers(2 * DAY)
        job.publish_at(settings, [(partition, as_record(board)) for partition, board in rest])
        _wait_for_markers(settings, len(MARKERS))
        settings = settings.model_copy(update={"parallelism": parallelism[2]})
        running = _restart(settings, running)  # the boards that are too late come before its first watermark
        too_late = [(place % PARTITIONS, b) for place, b in enumerate(b for case in cases for b in case.too_late)]
        job.publish_at(settings, [(partition, as_record(b)) for partition, b in [*too_late, *markers(4 * DAY)]])
        _wait_for_markers(settings, 2 * len(MARKERS))
        job.wait_until_committed(settings)
        found = on_topics(settings)
        wrong = [
            _explain(settings, case, found, tmp_path) for case in cases if found[case.name] != folded(settings, case)
        ]
        assert not wrong, f"SCENARIO_SEED={SEED}, restart before board {cut}:\n" + "\n".join(wrong)
        departed = [r["id"] for r in job.records(settings, topics.DEPARTURES) if r["kind"] == "departed"]
        predicted = [r["id"] for r in job.records(settings, topics.PREDICTIONS)]
        assert sorted(predicted) == sorted(departed)
        assert len(departed) > SCENARIOS
    finally:
        job.cancel(settings, running)


def _when(sent: tuple[float, int, Arrival]) -> float:
    return sent[0]


def _restart(settings: Settings, running: str) -> str:
    """Stop with a savepoint and go on from it; returns the id of the job that runs."""
    (stopped,) = stop(PREDICT, settings)
    assert stopped.job_id == running
    return start(PREDICT, settings, resume=stopped.savepoint)


def _wait_for_markers(settings: Settings, count: int) -> None:
    wait_until(
        f"{count} markers",
        lambda: sum(letter["key"] in MARKERS for letter in job.records(settings, topics.DEAD_LETTERS)) >= count,
        every_seconds=0.5,
    )


def _explain(settings: Settings, case: Scenario, found: dict[str, Found], folder: Path) -> str:
    """What differs, whether the operator's stand-in differs, too, and where the boards are."""
    expected, got = folded(settings, case), found[case.name]
    file = folder / f"{case.name}.jsonl"
    records = [as_record(board) for board in case.boards]
    file.write_bytes(b"".join(encode_line(r.station, r.polled_at, r.body.decode()) for r in records))
    stream = standing_in(settings, (board for _, _, board in sorted(case.sent, key=_when)))
    alone = {value for _, _, value in stream.decisions()} == {
        value for value in expected.decisions if b'"kind":"late"' not in value
    }
    return (
        f"{case.name}: missing {list(expected.decisions - got.decisions)[:2]}, "
        f"too many {list(got.decisions - expected.decisions)[:2]}, "
        f"dead letters {got.letters} instead of {expected.letters}; "
        f"without Flink it is {'right' if alone else 'wrong'}; boards: {file}"
    )
