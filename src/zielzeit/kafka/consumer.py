"""The topics as a person wants to see them: one line a record, boards unpacked and summed up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from zielzeit.boards.parse import decompress
from zielzeit.errors import UserError
from zielzeit.kafka.admin import broker_error
from zielzeit.settings import Settings
from zielzeit.topics import BOARDS

_BERLIN = ZoneInfo("Europe/Berlin")
_WAIT_SECONDS = 0.2
_CONNECT_SECONDS = 5.0


class TopicRecord(msgspec.Struct, frozen=True):
    """One record of any topic."""

    key: str
    value: bytes
    at: datetime
    """Event time, UTC."""
    headers: dict[str, str]
    partition: int
    offset: int


class _Board(msgspec.Struct):
    departures: list[msgspec.Raw]


def read_topic(
    settings: Settings, name: str, *, from_beginning: bool, follow: bool, stop: Event
) -> Iterator[TopicRecord]:
    """Committed records of a topic; ends at ``stop``, or without ``follow`` at what is the end now.

    Raises UserError where no broker answers or there is no such topic.
    """
    topic = settings.topic(name)
    consumer = Consumer(
        settings.kafka_client_config()
        | {
            "group.id": "zielzeit-tail",  # required, and unused: partitions are assigned, nothing is committed
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    try:
        partitions = consumer.list_topics(topic, timeout=_CONNECT_SECONDS).topics[topic]
        if partitions.error is not None:
            raise UserError(
                f"there is no topic {topic} at {settings.kafka_bootstrap}: has anything been written to it?"
            )
        consumer.assign(_starts(consumer, topic, partitions.partitions, from_beginning=from_beginning))
        ended: set[int] = set()
        while not stop.is_set() and (follow or len(ended) < len(partitions.partitions)):
            message = consumer.poll(_WAIT_SECONDS)
            if message is None:
                continue
            if message.error() is None:
                yield _record(message)
            elif message.error().code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
            elif not message.error().retriable() and message.error().code() != KafkaError._ALL_BROKERS_DOWN:
                raise broker_error(settings, KafkaException(message.error()))
    except KafkaException as error:
        raise broker_error(settings, error) from None
    finally:
        consumer.close()


def describe(name: str, record: TopicRecord, *, raw: bool) -> str:
    """A line for a person; ``raw``: the value alone, a board's body unpacked."""
    if name != BOARDS:
        return record.value.decode(errors="replace")
    try:
        body = decompress(record.value)
    except ValueError as error:
        return f"{_when(record)}  {record.key}  {error}"
    if raw:
        return body.decode(errors="replace")
    try:
        rows = f"{len(msgspec.json.decode(body, type=_Board).departures)} rows"
    except msgspec.DecodeError:
        rows = "no board"
    packed = f", {len(record.value) / 1000:.1f} kB packed" if len(record.value) != len(body) else ""
    source = " ".join(record.headers.get(header, "") for header in ("source", "url"))
    return f"{_when(record)}  {record.key}  {rows}, {len(body) / 1000:.1f} kB{packed}  {source}"


def _when(record: TopicRecord) -> str:
    return f"{record.at.astimezone(_BERLIN):%Y-%m-%d %H:%M:%S%z}"


def _starts(
    consumer: Consumer, topic: str, partitions: dict[int, Any], *, from_beginning: bool
) -> list[TopicPartition]:
    if from_beginning:
        return [TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions]
    ends = {
        number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_CONNECT_SECONDS)[1]
        for number in partitions
    }
    return [TopicPartition(topic, number, end) for number, end in ends.items()]


def _record(message: Any) -> TopicRecord:
    return TopicRecord(
        key=(message.key() or b"").decode(errors="replace"),
        value=message.value() or b"",
        at=datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC),
        headers={name: (value or b"").decode(errors="replace") for name, value in message.headers() or []},
        partition=message.partition(),
        offset=message.offset(),
    )
