"""Boards into a real broker and out again; ``broker`` is its address."""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import psutil
import pytest

from zielzeit import settings
from zielzeit.boards.parse import decompress
from zielzeit.boards.record import CONTENT_ENCODING, HEADERS, BoardRecord
from zielzeit.errors import UserError
from zielzeit.kafka.admin import ensure_topics
from zielzeit.kafka.consumer import TopicRecord, describe, read_topic
from zielzeit.kafka.producer import BoardProducer
from zielzeit.topics import BOARDS, PREDICTIONS

pytestmark = pytest.mark.integration


@pytest.fixture
def config(broker: str) -> settings.Settings:
    """Settings for topics that no other test writes to."""
    return settings.load(kafka_bootstrap=broker, topic_prefix=f"{uuid.uuid4().hex}.")


def board(number: int, polled_at: datetime) -> BoardRecord:
    body = f'{{ "departures":  [] }} {number}'.encode()
    return BoardRecord(station=f"Station {number % 7}", body=body, polled_at=polled_at, source="replay", url="x/y")


def written(config: settings.Settings) -> list[TopicRecord]:
    return list(read_topic(config, BOARDS, from_beginning=True, follow=False, stop=threading.Event()))


@pytest.mark.parametrize("age", [timedelta(days=4000), timedelta(0), timedelta(days=-30)])
def test_boards_of_any_age_are_kept_with_key_time_headers_and_bytes(config: settings.Settings, age: timedelta) -> None:
    at = datetime.now(UTC).replace(microsecond=0) - age
    with BoardProducer(config) as producer:
        for number in range(100):
            producer.publish(board(number, at + timedelta(minutes=number)))
        assert producer.flush() == 0
        producer.check()
    records = written(config)
    assert {decompress(record.value) for record in records} == {board(number, at).body for number in range(100)}
    assert {record.at for record in records} == {at + timedelta(minutes=number) for number in range(100)}
    assert tuple(records[0].headers) == (*HEADERS.values(), CONTENT_ENCODING)
    for station in range(7):
        times = [record.at for record in records if record.key == f"Station {station}"]
        assert times == sorted(times)
    assert "no board" in describe(BOARDS, records[0], raw=False)
    assert describe(BOARDS, records[0], raw=True) == decompress(records[0].value).decode()


def test_a_stalled_broker_loses_nothing_and_makes_the_writer_wait_and_say_so(
    config: settings.Settings, broker: str, caplog: pytest.LogCaptureFixture
) -> None:
    port = int(broker.rsplit(":", 1)[1])
    (pid,) = {c.pid for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr.port == port}
    process = psutil.Process(pid)
    at = datetime.now(UTC)
    with (
        caplog.at_level(logging.WARNING, "zielzeit.kafka.producer"),
        BoardProducer(config, queue_boards=50) as producer,
    ):
        process.suspend()
        resume = threading.Timer(2.0, process.resume)
        resume.start()
        started = time.monotonic()
        try:
            for number in range(200):
                producer.publish(board(number, at))
        finally:
            resume.join()
        assert time.monotonic() - started >= 1.5
        producer.flush()
        producer.check()
    bodies = sorted(decompress(record.value) for record in written(config))
    assert bodies == sorted(board(n, at).body for n in range(200))
    messages = [record.message for record in caplog.records]
    assert any("the queue to Kafka is full" in message for message in messages)
    assert any("Kafka takes boards again" in message for message in messages)


def test_a_board_too_large_for_the_broker_is_counted_and_the_others_go_on(config: settings.Settings) -> None:
    large = msgspec.structs.replace(board(1, datetime.now(UTC)), body=os.urandom(3_000_000))
    with BoardProducer(config) as producer:
        producer.publish(large)
        producer.publish(board(2, datetime.now(UTC)))
        producer.flush()
        assert producer.delivered == 1
        with pytest.raises(UserError, match="1 boards were not written to Kafka: MSG_SIZE_TOO_LARGE"):
            producer.check()


def test_topics_are_made_once(config: settings.Settings) -> None:
    assert ensure_topics(config, [BOARDS, PREDICTIONS]) == [config.topic(BOARDS), config.topic(PREDICTIONS)]
    assert ensure_topics(config, [BOARDS, PREDICTIONS]) == []


def test_no_broker_is_said_with_its_address() -> None:
    nowhere = settings.load(kafka_bootstrap="127.0.0.1:1")
    with pytest.raises(UserError, match=r"no Kafka broker answers at 127\.0\.0\.1:1: start"):
        ensure_topics(nowhere, [BOARDS])


def test_a_topic_that_does_not_exist_is_said(config: settings.Settings) -> None:
    with pytest.raises(UserError, match="there is no topic"):
        written(config)
