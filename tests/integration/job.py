"""Helpers of the integration tests: publish boards, run a job to its end, read the records that it wrote."""

from __future__ import annotations

import os
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
import requests
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from deploy.cluster.job_description import STORE
from deploy.cluster.submit import submit
from deploy.local.stack import Stack
from tests.waiting import wait_until
from zielzeit import topics
from zielzeit.boards.record import BoardRecord, compress, headers
from zielzeit.decision.decider import Decider, RejectedBoard
from zielzeit.decision.early import EarlyDeparture
from zielzeit.decision.offline import decide
from zielzeit.evaluation.early_truth import tell
from zielzeit.events.structs import Decision
from zielzeit.kafka.admin import ensure_topics
from zielzeit.kafka.consumer import read_topic
from zielzeit.kafka.producer import BoardProducer
from zielzeit.lake.reading import Lake
from zielzeit.settings import Settings


def settings_for(stack: Stack, **overrides: object) -> Settings:
    """Settings of a bounded job on the stack, with topics and a consumer group that no other test uses."""
    unique = uuid.uuid4().hex[:8]
    return stack.settings.model_copy(
        update={
            "topic_prefix": f"{unique}.",
            "boards_ahead_minutes": 0,
            "group_id": f"test-{unique}",
            "bounded": True,
            "parallelism": 2,
            "checkpoint_interval_seconds": 1.0,
            **overrides,
        }
    )


def for_storage(settings: Settings, lake: str, **overrides: object) -> Settings:
    """Settings of the storage job for the topics of ``settings``; it completes files every second."""
    return settings.model_copy(update={"lake": lake, "store_interval_seconds": 1.0, **overrides}).for_storage()


def store(settings: Settings, lake: str) -> Lake:
    """Run the storage job over all that is on the topics now, to its end, and return the lake that it wrote."""
    stored = for_storage(settings, lake, bounded=True, start_from="earliest-offset")
    wait_for_end(stored, submit(stored, STORE), timeout_seconds=3600)
    return Lake.of(stored)


def publish(settings: Settings, boards: Iterable[BoardRecord]) -> None:
    """Write boards to the topic, in the order given; the producer chooses the partitions."""
    ensure_topics(settings, topics.ALL)
    with BoardProducer(settings) as producer:
        for board in boards:
            producer.publish(board)
        assert producer.flush() == 0
        producer.check()


def publish_at(settings: Settings, boards: Iterable[tuple[int, BoardRecord]]) -> None:
    """Write (partition, board) pairs to the topic, in the order given."""
    ensure_topics(settings, topics.ALL)
    with KafkaProducer(**settings.kafka_client_config(), linger_ms=20) as producer:
        sent = [
            producer.send(
                settings.topic(topics.BOARDS),
                value=compress(board.body),
                key=board.station.encode(),
                partition=partition,
                timestamp_ms=round(board.polled_at.timestamp() * 1000),
                headers=headers(board),
            )
            for partition, board in boards
        ]
        for one in sent:
            one.get(30)


def publish_end_of_time(settings: Settings, last: datetime) -> None:
    """Publish empty boards 40 hours after the last board, on every partition: all timers of an unbounded job fire."""
    end = last + timedelta(hours=40)
    publish(settings, [empty_board(f"End of time {number}", end) for number in range(40)])


def empty_board(station: str, at: datetime) -> BoardRecord:
    """A station's board without departures."""
    return BoardRecord(station=station, body=b'{"departures": []}', polled_at=at, source="replay", url="")


def run_to_end(settings: Settings, timeout_seconds: float = 240.0) -> str:
    """Submit the bounded job, wait until it has finished, and return its id."""
    job = submit(settings)
    wait_for_end(settings, job, timeout_seconds)
    return job


def wait_for_end(settings: Settings, job: str, timeout_seconds: float = 240.0) -> None:
    """Wait until the job has finished. Raises AssertionError with its exceptions if it fails or takes too long."""

    def ended() -> bool:
        return get(settings, f"/jobs/{job}")["state"] in ("FINISHED", "FAILED", "CANCELED")

    try:
        wait_until("the job ends", ended, timeout_seconds)
        assert get(settings, f"/jobs/{job}")["state"] == "FINISHED"
        wait_until_committed(settings)
    except AssertionError as error:
        raise AssertionError(f"{error}: {get(settings, f'/jobs/{job}/exceptions')}") from None


def wait_for_checkpoint(settings: Settings, job: str) -> None:
    """Wait until the job has completed its first checkpoint."""
    wait_for_checkpoints(settings, job, 1)


def wait_for_checkpoints(settings: Settings, job: str, count: int) -> None:
    """Wait until the job has completed so many checkpoints since its start."""
    wait_until(f"{count} checkpoints", lambda: completed_checkpoints(settings, job) >= count)


def completed_checkpoints(settings: Settings, job: str) -> int:
    """How many checkpoints the job has completed since its start."""
    return int(get(settings, f"/jobs/{job}/checkpoints")["counts"]["completed"])


def wait_for_records(settings: Settings, topic: str, count: int) -> None:
    """Wait until a topic holds at least so many committed records. Raises AssertionError after three minutes."""
    stop = threading.Event()
    deadline = threading.Timer(180, stop.set)
    deadline.start()
    try:  # by one reader: to read the topic again and again takes processor time from the job
        following = read_topic(settings, topic, from_beginning=True, follow=True, stop=stop)
        found = sum(1 for _ in islice(following, count))
    finally:
        deadline.cancel()
    assert found == count, f"only {found} of {count} records on {topic}"


def wait_until_committed(settings: Settings) -> None:
    """Wait until no transaction is open on the topics of decisions, predictions and what follows from them.

    A commit is complete when the coordinator has stored it. The broker marks the partitions one by one after that, so
    a reader of committed records may see one topic's part of a transaction before another topic's.
    """
    wait_until("the end of all transactions", lambda: not _open_transactions(settings), every_seconds=0.1)


def _open_transactions(settings: Settings) -> dict[TopicPartition, int]:
    """How many records of each partition a reader of committed records does not see yet."""
    ends = []
    for level in ("read_committed", "read_uncommitted"):  # in this order: what is written between them counts as open
        with closing(KafkaConsumer(**settings.kafka_client_config(), isolation_level=level)) as consumer:
            names = {settings.topic(name) for name in topics.ALL if name != topics.BOARDS} & consumer.topics()
            partitions = [
                TopicPartition(name, number) for name in names for number in consumer.partitions_for_topic(name)
            ]
            ends.append(consumer.end_offsets(partitions))
    stable, written = ends
    return {partition: end - stable[partition] for partition, end in written.items() if end > stable[partition]}


def kill_program(stack: Stack, name: str) -> None:
    """End a program of the stack by SIGKILL."""
    os.kill(_pid(stack, name), signal.SIGKILL)


@contextmanager
def halted(stack: Stack, name: str) -> Iterator[None]:
    """Halt a program of the stack as long as the context lasts."""
    pid = _pid(stack, name)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _pid(stack: Stack, name: str) -> int:
    (pid,) = (status.pid for status in stack.status() if status.name == name)
    assert pid is not None, f"{name} does not run"
    return pid


def assert_restarted(settings: Settings, job: str) -> None:
    """The cluster recorded a failure of the job: the test killed what it meant to kill."""
    assert get(settings, f"/jobs/{job}/exceptions")["exceptionHistory"]["entries"], "nothing was killed"


def cancel(settings: Settings, job: str) -> None:
    """Cancel the job without a savepoint."""
    requests.patch(f"{settings.flink_rest}/jobs/{job}?mode=cancel", timeout=30).raise_for_status()


def get(settings: Settings, path: str) -> Any:
    """Return the decoded JSON reply of Flink's REST API."""
    answer = requests.get(settings.flink_rest + path, timeout=30)
    answer.raise_for_status()
    return answer.json()


def records(settings: Settings, *names: str) -> list[dict[str, Any]]:
    """Committed records of these topics, decoded."""
    return [msgspec.json.decode(value) for value in values(settings, *names)]


def values(settings: Settings, *names: str) -> list[bytes]:
    """Committed records of these topics, as bytes."""
    return [
        record.value
        for name in names
        for record in read_topic(settings, name, from_beginning=True, follow=False, stop=threading.Event())
    ]


def decided_offline(settings: Settings, boards: Iterable[BoardRecord]) -> list[dict[str, Any]]:
    """Decisions of ``zielzeit decide`` for the same boards, in the form of the topics' records."""
    outcomes = [outcome for _, _, outcome in decide(boards, Decider.of(settings))]
    # A board of a quiet station may stay the same to the byte for so long that it is doubted.
    assert {outcome.cause for outcome in outcomes if isinstance(outcome, RejectedBoard)} <= {"old_board"}
    decisions = [outcome for outcome in outcomes if isinstance(outcome, Decision)]
    return [msgspec.json.decode(msgspec.json.encode(decision)) for decision in decisions]


def counted(decisions: Iterable[dict[str, Any]]) -> Counter[bytes]:
    """How often each decision occurs, as JSON with sorted keys."""
    return Counter(msgspec.json.encode(decision, order="sorted") for decision in decisions)


def assert_once(settings: Settings, expected: Sequence[dict[str, Any]]) -> None:
    """The topics hold exactly these decisions, and one prediction, outcome and example for each departure."""
    wait_until_committed(settings)
    found, wanted = counted(records(settings, *topics.DECISIONS)), counted(expected)
    missing, unexpected = list((wanted - found).elements()), list((found - wanted).elements())
    assert found == wanted, f"{len(missing)} missing: {missing[:3]}, {len(unexpected)} unexpected: {unexpected[:3]}"
    assert_each_once(settings, expected)


def assert_each_once(settings: Settings, expected: Iterable[dict[str, Any]]) -> None:
    """The topics hold exactly one prediction, outcome and example for each departure among these decisions."""
    departed = Counter(decision["id"] for decision in expected if decision["kind"] == "departed")
    predictions = records(settings, topics.PREDICTIONS)
    assert Counter(prediction["id"] for prediction in predictions) == departed
    assert Counter(outcome["prediction"]["id"] for outcome in records(settings, topics.OUTCOMES)) == departed
    assert Counter(example["id"] for example in records(settings, topics.EXAMPLES)) == departed
    assert set(departed.values()) <= {1}
    told = records(settings, topics.EARLY_PREDICTIONS)
    assert set(_early_ids(told).values()) <= {1}, "an early record is told twice"
    of_departures = _early_ids(one for one in told if one["id"] in departed and one["stage"] != "retracted")
    outcomes = _early_ids(one["early"] for one in records(settings, topics.EARLY_OUTCOMES))
    assert outcomes == of_departures, "an early record has no outcome, or two"


def _early_ids(told: Iterable[dict[str, Any]]) -> Counter[tuple[str, int]]:
    return Counter((one["id"], one["revision"]) for one in told)


def assert_told_early(settings: Settings, boards: Iterable[BoardRecord]) -> None:
    """Each departure that these boards tell early, and that the job decided, is told on the topic: each record once."""
    due = {
        one.shown.id
        for _, one in tell(boards, Decider.of(settings), settings.early_minutes)
        if isinstance(one, EarlyDeparture)
    }
    departed = {one["id"] for one in records(settings, topics.DEPARTURES) if one["kind"] == "departed"}
    told = records(settings, topics.EARLY_PREDICTIONS)
    first = {one["id"] for one in told if one["stage"] == "early" and one["revision"] == 0}
    assert len(due & departed) > 0
    assert due & departed <= first, "an early record is lost"
    assert set(_early_ids(told).values()) == {1}
