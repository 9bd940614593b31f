"""Boards into a real broker and out again, whatever happens to it; ``broker`` is its address."""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import msgspec
import psutil
import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import InvalidTimestampError, KafkaTimeoutError, OutOfOrderSequenceNumberError
from kafka.producer.future import FutureProduceResult, FutureRecordMetadata

from tests.waiting import wait_until
from zielzeit import settings
from zielzeit.boards.parse import decompress
from zielzeit.boards.record import CONTENT_ENCODING, HEADERS, BoardRecord
from zielzeit.errors import UserError
from zielzeit.kafka.admin import answers, ensure_topics, partition_count, remove_topics
from zielzeit.kafka.consumer import read_topic
from zielzeit.kafka.producer import BoardProducer
from zielzeit.kafka.record_text import describe
from zielzeit.kafka.topic_record import TopicRecord
from zielzeit.topics import BOARDS, PREDICTIONS

pytestmark = pytest.mark.integration


@pytest.fixture
def config(broker: str) -> settings.Settings:
    """Settings for topics that no other test writes to."""
    return settings.load(kafka_bootstrap=broker, topic_prefix=f"{uuid.uuid4().hex}.")


def board(number: int, polled_at: datetime) -> BoardRecord:
    body = f'{{ "departures":  [] }} {number}'.encode()
    return BoardRecord(station=f"Station {number % 7}", body=body, polled_at=polled_at, source="replay", url="x/y")


def written(config: settings.Settings, name: str = BOARDS) -> list[TopicRecord]:
    return list(read_topic(config, name, from_beginning=True, follow=False, stop=threading.Event()))


def broker_process(broker: str) -> psutil.Process:
    """The process that listens at the address."""
    port = int(broker.rsplit(":", 1)[1])
    (pid,) = {c.pid for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr.port == port}
    return psutil.Process(pid)


@pytest.mark.parametrize("age", [timedelta(days=4000), timedelta(0), timedelta(days=-30)])
def test_boards_of_any_age_are_kept_with_key_time_headers_and_bytes(config: settings.Settings, age: timedelta) -> None:
    config = config.model_copy(update={"boards_ahead_minutes": 0})
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
    process = broker_process(broker)
    at = datetime.now(UTC)
    with (
        caplog.at_level(logging.WARNING, "zielzeit.kafka"),
        BoardProducer(config, buffer_boards=50) as producer,
    ):
        producer.publish(board(0, at))
        producer.flush()
        process.suspend()
        resume = threading.Timer(2.0, process.resume)
        resume.start()
        started = time.monotonic()
        try:
            for number in range(1, 200):
                producer.publish(board(number, at))
        finally:
            resume.join()
        assert time.monotonic() - started >= 1.5
        producer.flush()
        producer.check()
    bodies = sorted(decompress(record.value) for record in written(config))
    assert bodies == sorted(board(n, at).body for n in range(200))
    messages = [record.message for record in caplog.records]
    assert any("the buffer to Kafka is full" in message for message in messages)
    assert any("Kafka takes boards again" in message for message in messages)


def test_a_killed_broker_gets_every_board_once_and_a_reader_goes_on(
    config: settings.Settings, broker: str, caplog: pytest.LogCaptureFixture
) -> None:
    at, stop = datetime.now(UTC), threading.Event()
    bodies: list[bytes] = []

    def read() -> None:
        for record in read_topic(config, BOARDS, from_beginning=True, follow=True, stop=stop):
            bodies.append(decompress(record.value))
            if len(bodies) == 300:
                break

    with caplog.at_level(logging.WARNING), BoardProducer(config) as producer:
        reader = threading.Thread(target=read)
        reader.start()
        try:
            for number in range(300):
                producer.publish(board(number, at))
                if number in (100, 200):
                    # The reader, too, is to lose a connection that it has.
                    wait_until("the reader's first boards", lambda: bool(bodies))
                    broker_process(broker).kill()
                if number == 199:
                    producer.flush()
                    wait_until("the broker's return", lambda: answers(config, timeout_seconds=2))
            assert producer.flush() == 0
            producer.check()
            reader.join(60)
        finally:
            stop.set()
            reader.join()
            wait_until("the broker's return", lambda: answers(config, timeout_seconds=2))
    assert Counter(bodies) == {board(number, at).body: 1 for number in range(300)}
    assert len(written(config)) == 300
    assert not [record for record in caplog.records if not record.name.startswith("zielzeit.")]


def test_boards_that_kafka_does_not_confirm_are_told_once(
    config: settings.Settings, broker: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zielzeit.kafka.producer._AWAY_SECONDS", 0.3)
    process = broker_process(broker)
    with caplog.at_level(logging.WARNING, "zielzeit.kafka"), BoardProducer(config) as producer:
        process.suspend()
        try:
            producer.publish(board(1, datetime.now(UTC)))
            threading.Timer(1.5, process.resume).start()
            assert producer.flush() == 0
        finally:
            process.resume()
    assert [record.message for record in caplog.records] == [
        f"Kafka is away at {broker}: boards wait in memory, 1 so far",
        f"Kafka is back at {broker}",
    ]


def test_boards_given_up_are_told_with_their_number_and_the_reason(config: settings.Settings, broker: str) -> None:
    process = broker_process(broker)
    with BoardProducer(config, buffer_boards=3) as producer:
        process.suspend()
        try:
            for number in range(3):
                producer.publish(board(number, datetime.now(UTC)))
            producer.abandon()
            producer.publish(board(4, datetime.now(UTC)))
            assert producer.flush() == 3
            with pytest.raises(UserError, match=f"4 boards were not written to Kafka: Kafka was away at {broker}"):
                producer.check()
        finally:
            process.resume()
    for thread in threading.enumerate():
        if "kafka-python-producer" in thread.name:
            thread.join(10)
            assert not thread.is_alive()


def test_a_board_too_large_for_the_topic_is_counted_and_the_others_go_on(config: settings.Settings) -> None:
    ensure_topics(config, [BOARDS])
    with closing(KafkaAdminClient(**config.kafka_client_config())) as admin:
        limit = ConfigResource(ConfigResourceType.TOPIC, config.topic(BOARDS), {"max.message.bytes": "200000"})
        admin.alter_configs([limit])
    large = msgspec.structs.replace(board(1, datetime.now(UTC)), body=os.urandom(200_000))
    just = msgspec.structs.replace(board(1, datetime.now(UTC)), body=os.urandom(198_000))
    with BoardProducer(config) as producer:
        for one in (large, just, *(board(number, datetime.now(UTC)) for number in range(100))):
            producer.publish(one)
        producer.flush()
        assert producer.delivered == 101
        with pytest.raises(UserError, match="1 boards were not written to Kafka: larger than 200000 bytes"):
            producer.check()


def test_boards_that_kafka_python_loses_are_sent_again(
    config: settings.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, lost = KafkaProducer.send, iter([OutOfOrderSequenceNumberError(), KafkaTimeoutError()])

    def lose_two(self: KafkaProducer, *arguments: object, **options: object) -> FutureRecordMetadata:
        if error := next(lost, None):
            nothing = FutureProduceResult(TopicPartition(config.topic(BOARDS), 0))
            return FutureRecordMetadata(nothing, -1, None, None, -1, -1, -1).failure(error)
        return send(self, *arguments, **options)

    monkeypatch.setattr(KafkaProducer, "send", lose_two)
    with BoardProducer(config) as producer:
        for number in range(3):
            producer.publish(board(number, datetime.now(UTC)))
        assert producer.flush() == 0
        producer.check()
    assert len(written(config)) == 3


def test_what_the_broker_refuses_for_good_ends_the_producer_with_the_reason(config: settings.Settings) -> None:
    ensure_topics(config, [BOARDS])
    with closing(KafkaAdminClient(**config.kafka_client_config())) as admin:
        limit = ConfigResource(
            ConfigResourceType.TOPIC, config.topic(BOARDS), {"message.timestamp.before.max.ms": "1000"}
        )
        admin.alter_configs([limit])
    with BoardProducer(config) as producer:
        producer.publish(board(1, datetime.now(UTC) - timedelta(days=1)))
        producer.flush()
        with pytest.raises(UserError, match=r"1 boards were not written to Kafka: .*InvalidTimestamp"):
            producer.check()
        with pytest.raises(UserError, match=r"cannot go on: .*InvalidTimestamp"):
            producer.publish(board(2, datetime.now(UTC)))


@pytest.fixture
def transactions(config: settings.Settings) -> Iterator[KafkaProducer]:
    """A transactional producer for ``PREDICTIONS``."""
    ensure_topics(config, [PREDICTIONS])
    with KafkaProducer(**config.kafka_client_config(), transactional_id=config.topic("test")) as producer:
        producer.init_transactions()
        yield producer


def send(producer: KafkaProducer, config: settings.Settings, values: list[bytes]) -> None:
    producer.begin_transaction()
    for value in values:
        producer.send(config.topic(PREDICTIONS), value)
    producer.flush()


def test_aborted_and_open_transactions_are_not_read(config: settings.Settings, transactions: KafkaProducer) -> None:
    committed = [f"{number}".encode() for number in range(2000)]
    for part in (committed[:1000], committed[1000:]):
        send(transactions, config, part)
        transactions.commit_transaction()
        # The topic ends with records that nobody may see, and with the marker of their end.
        send(transactions, config, [b"aborted"] * 700)
        transactions.abort_transaction()
        assert sorted(record.value for record in written(config, PREDICTIONS))[-1] != b"aborted"
    assert sorted(record.value for record in written(config, PREDICTIONS)) == sorted(committed)
    send(transactions, config, [b"open"] * 10)
    assert sorted(record.value for record in written(config, PREDICTIONS)) == sorted(committed)
    transactions.commit_transaction()
    assert Counter(record.value for record in written(config, PREDICTIONS))[b"open"] == 10


def test_who_follows_from_now_on_sees_only_what_is_committed_later(
    config: settings.Settings, transactions: KafkaProducer
) -> None:
    send(transactions, config, [b"earlier"])
    transactions.commit_transaction()
    stop, seen = threading.Event(), list[bytes]()

    def follow() -> None:
        seen.extend(
            record.value for record in read_topic(config, PREDICTIONS, from_beginning=False, follow=True, stop=stop)
        )

    follower = threading.Thread(target=follow)
    follower.start()
    time.sleep(2)
    send(transactions, config, [b"aborted"])
    transactions.abort_transaction()
    send(transactions, config, [b"later"])
    transactions.commit_transaction()
    time.sleep(2)
    stop.set()
    follower.join()
    assert seen == [b"later"]


def test_boards_of_a_clock_far_ahead_are_refused_and_the_others_written(
    config: settings.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC)
    with BoardProducer(config) as producer:
        for number, ahead in enumerate([timedelta(days=365), timedelta(0), timedelta(minutes=11), timedelta(days=-9)]):
            producer.publish(board(number, now + ahead))
        assert producer.flush() == 0
        assert producer.delivered == 2
        with pytest.raises(UserError, match="2 boards were not written to Kafka: over 10 minutes ahead of the clock"):
            producer.check()
    assert len(written(config)) == 2
    assert len([record for record in caplog.records if "ahead of the clock" in record.getMessage()]) == 1


def test_the_broker_refuses_a_board_far_ahead_whoever_sends_it(config: settings.Settings) -> None:
    ensure_topics(config, [BOARDS])
    with closing(KafkaProducer(bootstrap_servers=config.kafka_bootstrap)) as client:
        at = round(time.time() * 1000)
        client.send(config.topic(BOARDS), b"{}", timestamp_ms=at).get(10)
        for wrong in (at + 11 * 60_000, at * 1000):
            with pytest.raises(InvalidTimestampError):
                client.send(config.topic(BOARDS), b"{}", timestamp_ms=wrong).get(10)


def test_topics_of_simulated_clocks_take_any_time_and_others_warn_of_that(
    config: settings.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    simulated = config.model_copy(update={"boards_ahead_minutes": 0})
    with BoardProducer(simulated) as producer:
        producer.publish(board(1, datetime.now(UTC) + timedelta(days=365)))
        producer.flush()
        producer.check()
    assert not [record for record in caplog.records if "ahead" in record.getMessage()]
    assert ensure_topics(config, [BOARDS]) == []
    assert any("takes records of any time ahead" in record.getMessage() for record in caplog.records)


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


def test_topics_are_removed_with_their_records_and_their_partitions_counted(config: settings.Settings) -> None:
    assert partition_count(config, BOARDS) == 0
    for _ in range(2):
        with BoardProducer(config) as producer:
            producer.publish(board(1, datetime.now(UTC)))
            producer.flush()
        assert partition_count(config, BOARDS) == config.topic_partitions
        assert len(written(config)) == 1
        remove_topics(config, [BOARDS, PREDICTIONS])
        assert partition_count(config, BOARDS) == 0
