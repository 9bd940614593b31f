"""Reads what the job commits, over restarts of job and broker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from zielzeit import topics
from zielzeit.events.structs import Decision, EarlyPrediction, Outcome, Prediction
from zielzeit.kafka.client import broker_error
from zielzeit.kafka.consumer import committed_consumer
from zielzeit.settings import Settings

Event = Decision | EarlyPrediction | Prediction | Outcome

_DECODERS: dict[str, msgspec.json.Decoder[Event]] = {
    topics.DEPARTURES: msgspec.json.Decoder(Decision),
    topics.UNDECIDED: msgspec.json.Decoder(Decision),
    topics.EARLY_PREDICTIONS: msgspec.json.Decoder(EarlyPrediction),
    topics.PREDICTIONS: msgspec.json.Decoder(Prediction),
    topics.OUTCOMES: msgspec.json.Decoder(Outcome),
}
_MOST = 1000
_OFFSET_TIMEOUT_MILLISECONDS = 500


class Reader:
    """A ``read_committed`` reader of what the job writes, from the beginning; without a broker it reads nothing."""

    def __init__(self, consumer: KafkaConsumer, settings: Settings) -> None:
        self._consumer = consumer
        self._decoders = {settings.topic(name): decoder for name, decoder in _DECODERS.items()}
        self._boards = [
            TopicPartition(settings.topic(topics.BOARDS), number) for number in range(settings.topic_partitions)
        ]
        self._board_count = 0
        consumer.assign(
            [TopicPartition(topic, number) for topic in self._decoders for number in range(settings.topic_partitions)]
        )
        consumer.seek_to_beginning()

    def read(self, timeout_seconds: float) -> Iterator[Event]:
        """Events that came within this time, a thousand at most."""
        end, count = time.monotonic() + timeout_seconds, 0
        while count < _MOST and (left := end - time.monotonic()) > 0:
            for records in self._consumer.poll(round(left * 1000), max_records=_MOST - count).values():
                count += len(records)
                for record in records:
                    yield self._decoders[record.topic].decode(record.value)

    def boards(self) -> int:
        """Number of boards, from the ends of their topic: their bodies need not be read."""
        try:
            ends = self._consumer.end_offsets(self._boards, timeout_ms=_OFFSET_TIMEOUT_MILLISECONDS)
        except KafkaError:  # the broker is away
            return self._board_count
        self._board_count = sum(ends.values())
        return self._board_count


@contextmanager
def reading(settings: Settings) -> Iterator[Reader]:
    """A reader of topics that exist. Raises UserError if no broker answers."""
    try:
        consumer = committed_consumer(settings)
    except KafkaError as error:
        raise broker_error(settings, error) from None
    with closing(consumer):
        yield Reader(consumer, settings)
