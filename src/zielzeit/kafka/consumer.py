"""Consumers of committed records: records of aborted or open transactions are never seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from threading import Event

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from zielzeit.errors import UserError
from zielzeit.kafka.client import CONNECT_SECONDS, broker_error, options
from zielzeit.kafka.topic_record import TopicRecord
from zielzeit.settings import Settings

_WAIT_MILLISECONDS = 200


def committed_consumer(settings: Settings) -> KafkaConsumer:
    """A ``read_committed`` consumer without a group. The caller assigns partitions and closes it.

    It survives restarts of the broker: meanwhile ``poll`` returns nothing. Raises KafkaError if no broker answers.
    """
    return KafkaConsumer(
        **options(settings),
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        allow_auto_create_topics=False,
        enable_auto_commit=False,
        metrics_enabled=False,
    )


def read_topic(
    settings: Settings, name: str, *, from_beginning: bool, follow: bool, stop: Event
) -> Iterator[TopicRecord]:
    """Committed records of a topic; ends when ``stop`` is set, or without ``follow`` at the topic's present end.

    Raises UserError if no broker answers or there is no such topic.
    """
    topic = settings.topic(name)
    try:
        with closing(committed_consumer(settings)) as consumer:
            partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
            if not partitions:
                raise UserError(
                    f"there is no topic {topic} at {settings.kafka_bootstrap}: has anything been written to it?"
                )
            # Of committed records: the last stable offset, which an open transaction holds back.
            ends = consumer.end_offsets(partitions, timeout_ms=round(CONNECT_SECONDS * 1000))
            consumer.assign(partitions)
            if from_beginning:
                consumer.seek_to_beginning()
            else:
                for partition, end in ends.items():
                    consumer.seek(partition, end)
            yield from _records(consumer, None if follow else ends, stop)
    except KafkaError as error:
        raise broker_error(settings, error) from None


def _records(consumer: KafkaConsumer, ends: dict[TopicPartition, int] | None, stop: Event) -> Iterator[TopicRecord]:
    """Records of the assigned partitions, up to ``ends`` if they are given."""
    unfinished = set(ends or ())
    while not stop.is_set() and (ends is None or unfinished):
        for partition, records in consumer.poll(_WAIT_MILLISECONDS).items():
            for record in records:
                if ends is None or record.offset < ends[partition]:
                    yield TopicRecord.of(record)
        # The consumer's position, for the last offsets may be a transaction's end or its aborted records.
        for partition in [*unfinished]:
            if ends and (consumer.position(partition, timeout_ms=0) or 0) >= ends[partition]:
                unfinished.remove(partition)
                consumer.pause(partition)
