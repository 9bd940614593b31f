"""What the tests of the job share: boards in, the job run to its end, records out."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import requests
from kafka import KafkaProducer

from deploy.cluster.submit import submit
from deploy.local.stack import Stack
from zielzeit import topics
from zielzeit.boards.record import BoardRecord, compress, headers
from zielzeit.decision.decider import Decider, RejectedBoard
from zielzeit.decision.offline import decide
from zielzeit.events.structs import Decision
from zielzeit.kafka.admin import ensure_topics
from zielzeit.kafka.consumer import read_topic
from zielzeit.kafka.producer import BoardProducer
from zielzeit.settings import Settings


def settings_for(stack: Stack, **overrides: object) -> Settings:
    """The stack's settings, with topics and a consumer group that no other test uses."""
    unique = uuid.uuid4().hex[:8]
    return stack.settings.model_copy(
        update={
            "topic_prefix": f"{unique}.",
            "group_id": f"test-{unique}",
            "bounded": True,
            "parallelism": 2,
            "checkpoint_interval_seconds": 2.0,
            **overrides,
        }
    )


def for_storage(settings: Settings, lake: str, **overrides: object) -> Settings:
    """Settings of the storage job over the same topics, with a file every second."""
    return settings.model_copy(update={"lake": lake, "store_interval_seconds": 1.0, **overrides}).for_storage()


def publish(settings: Settings, boards: Iterable[BoardRecord]) -> None:
    """Write boards to the topic, in the order given."""
    ensure_topics(settings, topics.ALL)
    with BoardProducer(settings) as producer:
        for board in boards:
            producer.publish(board)
        assert producer.flush() == 0
        producer.check()


def publish_at(settings: Settings, boards: Iterable[tuple[int, BoardRecord]]) -> None:
    """Write boards to the partitions named, in the order given, as no poller of ours would."""
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
    """Carry time past the end, for a job that never ends: boards of stations of their own, on every partition."""
    end = last + timedelta(hours=40)
    publish(settings, [empty_board(f"End of time {number}", end) for number in range(40)])


def empty_board(station: str, at: datetime) -> BoardRecord:
    """A board without trains."""
    return BoardRecord(station=station, body=b'{"departures": []}', polled_at=at, source="replay", url="")


def run_to_end(settings: Settings, timeout_seconds: float = 240.0) -> str:
    """Submit the bounded job and wait until it has finished; returns its id."""
    job = submit(settings)
    wait_for_end(settings, job, timeout_seconds)
    return job


def wait_for_end(settings: Settings, job: str, timeout_seconds: float = 240.0) -> None:
    """Wait until the job has finished. Fails with the job's exceptions where it does not."""
    deadline = time.monotonic() + timeout_seconds
    while (state := get(settings, f"/jobs/{job}")["state"]) != "FINISHED":
        if state in ("FAILED", "CANCELED") or time.monotonic() > deadline:
            raise AssertionError(f"job {state}: {get(settings, f'/jobs/{job}/exceptions')}")
        time.sleep(0.5)


def wait_for_checkpoint(settings: Settings, job: str) -> None:
    """Wait until the job has completed a checkpoint."""
    wait_until(lambda: get(settings, f"/jobs/{job}/checkpoints")["counts"]["completed"] > 0)


def wait_until(done: Callable[[], bool], timeout_seconds: float = 180.0) -> None:
    """Look once a second. Fails where it does not happen in time."""
    deadline = time.monotonic() + timeout_seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(1)


def cancel(settings: Settings, job: str) -> None:
    """End the job where it stands."""
    requests.patch(f"{settings.flink_rest}/jobs/{job}?mode=cancel", timeout=30).raise_for_status()


def stop_with_savepoint(settings: Settings, job: str) -> str:
    """End the job and return where its state lies."""
    folder = (settings.local_dir / "savepoints").as_uri()
    asked = requests.post(f"{settings.flink_rest}/jobs/{job}/stop", json={"targetDirectory": folder}, timeout=30)
    asked.raise_for_status()
    trigger = asked.json()["request-id"]
    wait_until(lambda: get(settings, f"/jobs/{job}/savepoints/{trigger}")["status"]["id"] == "COMPLETED")
    return str(get(settings, f"/jobs/{job}/savepoints/{trigger}")["operation"]["location"])


def get(settings: Settings, path: str) -> Any:
    """A reply of Flink's REST API."""
    answer = requests.get(settings.flink_rest + path, timeout=30)
    answer.raise_for_status()
    return answer.json()


def records(settings: Settings, *names: str) -> list[dict[str, Any]]:
    """What a read_committed reader finds on topics of JSON."""
    return [msgspec.json.decode(value) for value in values(settings, *names)]


def values(settings: Settings, *names: str) -> list[bytes]:
    """The same, byte for byte."""
    return [
        record.value
        for name in names
        for record in read_topic(settings, name, from_beginning=True, follow=False, stop=threading.Event())
    ]


def decided_offline(settings: Settings, boards: Iterable[BoardRecord]) -> list[dict[str, Any]]:
    """The decisions of ``zielzeit decide`` over the same boards, as they look on the topics."""
    outcomes = [outcome for _, _, outcome in decide(boards, Decider.of(settings))]
    assert not [outcome for outcome in outcomes if isinstance(outcome, RejectedBoard)]
    decisions = [outcome for outcome in outcomes if isinstance(outcome, Decision)]
    return [msgspec.json.decode(msgspec.json.encode(decision)) for decision in decisions]


def in_order(decisions: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Decisions in an order that does not depend on partitions."""
    return sorted(decisions, key=lambda decision: (decision["id"], decision["revision"], decision["kind"]))


def assert_once(settings: Settings, expected: Sequence[dict[str, Any]]) -> None:
    """The topics hold exactly these decisions, a prediction for each departure and an outcome for each prediction."""
    assert in_order(records(settings, *topics.DECISIONS)) == in_order(expected)
    assert_each_once(settings, expected)


def assert_each_once(settings: Settings, expected: Iterable[dict[str, Any]]) -> None:
    """A prediction, an outcome and an example for each of the departures, whatever else was decided."""
    departed = Counter(decision["id"] for decision in expected if decision["kind"] == "departed")
    predictions = records(settings, topics.PREDICTIONS)
    assert Counter(prediction["id"] for prediction in predictions) == departed
    assert Counter(outcome["prediction"]["id"] for outcome in records(settings, topics.OUTCOMES)) == departed
    assert Counter(example["id"] for example in records(settings, topics.EXAMPLES)) == departed
    assert set(departed.values()) <= {1}
