"""Reads what the job commits, over restarts of job and broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from zielzeit import topics
from zielzeit.events.structs import Decision, Outcome, Prediction
from zielzeit.settings import Settings

Event = Decision | Prediction | Outcome

_DECODERS: dict[str, msgspec.json.Decoder[Event]] = {
    topics.DEPARTURES: msgspec.json.Decoder(Decision),
    topics.UNDECIDED: msgspec.json.Decoder(Decision),
    topics.PREDICTIONS: msgspec.json.Decoder(Prediction),
    topics.OUTCOMES: msgspec.json.Decoder(Outcome),
}
_MOST = 1000
_OFFSET_TIMEOUT_SECONDS = 0.5


class Reader:
    """A ``read_committed`` reader of what the job writes, from the beginning; without a broker it reads nothing."""

    def __init__(self, consumer: Consumer, settings: Settings) -> None:
        self._consumer = consumer
        self._decoders = {settings.topic(name): decoder for name, decoder in _DECODERS.items()}
        self._boards = [
            TopicPartition(settings.topic(topics.BOARDS), number) for number in range(settings.topic_partitions)
        ]
        self._board_counts = [0] * len(self._boards)
        consumer.assign(
            [
                TopicPartition(topic, number, OFFSET_BEGINNING)
                for topic in self._decoders
                for number in range(settings.topic_partitions)
            ]
        )

    def read(self, timeout_seconds: float) -> Iterator[Event]:
        """What came within this time, at most a thousand records."""
        for message in self._consumer.consume(_MOST, timeout_seconds):
            if message.error() is None:  # errors are those of a broker that is away: librdkafka goes on by itself
                yield self._decoders[message.topic()].decode(message.value())

    def boards(self) -> int:
        """How many boards there are, by the ends of their topic: their bodies need not be read."""
        for index, partition in enumerate(self._boards):
            try:
                _, end = self._consumer.get_watermark_offsets(partition, timeout=_OFFSET_TIMEOUT_SECONDS)
            except KafkaException:
                break
            self._board_counts[index] = end
        return sum(self._board_counts)


@contextmanager
def reading(settings: Settings) -> Iterator[Reader]:
    """A reader of topics that exist."""
    consumer = Consumer(
        settings.kafka_client_config()
        | {
            "group.id": "zielzeit-demo",  # required, and unused: partitions are assigned, nothing is committed
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "reconnect.backoff.max.ms": 1000,
            "log_level": 0,
        }
    )
    try:
        yield Reader(consumer, settings)
    finally:
        consumer.close()
