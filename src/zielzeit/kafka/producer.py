"""Boards into Kafka: packed, in order per station, none lost while the broker is away."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Any, Self

from confluent_kafka import KafkaError, KafkaException, Producer

from zielzeit.boards.record import BoardRecord, compress, headers
from zielzeit.errors import UserError
from zielzeit.kafka.admin import broker_error, ensure_topics
from zielzeit.settings import Settings
from zielzeit.topics import BOARDS

log = logging.getLogger(__name__)

_WAIT_SECONDS = 0.2


class BoardProducer:
    """Writes BoardRecords to the topic ``boards``, which it creates where it is missing.

    Records wait in a bounded queue until the broker has them, however long it is away; a full queue makes ``publish``
    wait, and the log says when that begins and ends. Not for use by two threads at once, ``abandon`` excepted.

    Raises UserError where no broker answers at the start.
    """

    def __init__(self, settings: Settings, *, queue_megabytes: int = 128, queue_boards: int = 50_000) -> None:
        ensure_topics(settings, [BOARDS])
        self.delivered = 0
        self.refused: Counter[str] = Counter()
        """Boards that the broker has refused for good, by its reason."""
        self._settings = settings
        self._topic = settings.topic(BOARDS)
        self._away = False
        self._abandoned = False
        self._given_up = 0
        self._producer = Producer(
            settings.kafka_client_config()
            | {
                "acks": "all",
                "enable.idempotence": True,
                "compression.type": "none",
                "partitioner": "murmur2_random",  # as Java clients do
                "linger.ms": 20,
                "message.timeout.ms": 0,
                "reconnect.backoff.max.ms": 1000,  # by default up to 10 s pass after the broker is back
                "queue.buffering.max.kbytes": queue_megabytes * 1024,
                "queue.buffering.max.messages": queue_boards,
                "error_cb": self._on_error,
                "log_level": 0,  # _on_error says it once, librdkafka at every attempt
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # What is not flushed by now is given up; librdkafka would otherwise wait for it when it is taken down.
        if self.pending:
            self._producer.purge()
            self._producer.flush(1.0)

    @property
    def pending(self) -> int:
        """Boards that the broker has not confirmed yet."""
        return len(self._producer)

    @property
    def unwritten(self) -> int:
        """Boards handed over that the broker has not confirmed, or has refused."""
        return self.pending + self._given_up + self.refused.total()

    def check(self) -> None:
        """Raise UserError, with the reason, where boards are unwritten. To be called after ``flush``."""
        if self.unwritten:
            reasons = ", ".join(self.refused) or f"Kafka was away at {self._settings.kafka_bootstrap}"
            raise UserError(f"{self.unwritten} boards were not written to Kafka: {reasons}")

    def publish(self, record: BoardRecord) -> None:
        """Hand over one board; waits for room in the queue. Raises UserError where the producer cannot go on."""
        value = compress(record.body)
        waiting_since: float | None = None
        while not self._try(record, value):
            if waiting_since is None:
                waiting_since = monotonic()
                log.warning("the queue to Kafka is full with %d boards: taking no more until it drains", self.pending)
            if self._abandoned:
                self._given_up += 1
                return
            self._producer.poll(_WAIT_SECONDS)
        if waiting_since is not None:
            log.warning("Kafka takes boards again after %.0f s", monotonic() - waiting_since)
        self._producer.poll(0)

    def serve(self) -> None:
        """Take in the broker's confirmations; call it now and then where ``publish`` is called seldom."""
        self._producer.poll(0)

    def abandon(self) -> None:
        """Give up waiting: a waiting ``publish`` drops its board, ``flush`` returns. May be called from any thread."""
        self._abandoned = True

    def flush(self, on_progress: Callable[[int], object] = lambda delivered: None) -> int:
        """Wait until the broker has every board or ``abandon`` is called; returns how many are still pending."""
        while self._producer.flush(_WAIT_SECONDS) and not self._abandoned:
            on_progress(self.delivered)
        on_progress(self.delivered)
        return self.pending

    def _try(self, record: BoardRecord, value: bytes) -> bool:
        """Whether the queue had room."""
        try:
            self._producer.produce(
                self._topic,
                value=value,
                key=record.station.encode(),
                timestamp=round(record.polled_at.timestamp() * 1000),
                headers=headers(record),
                on_delivery=self._on_delivery,
            )
        except BufferError:
            return False
        except KafkaException as error:
            if error.args[0].code() != KafkaError.MSG_SIZE_TOO_LARGE:
                raise broker_error(self._settings, error) from None
            self._refuse(record.station, error.args[0])
        return True

    def _on_delivery(self, error: KafkaError | None, message: Any) -> None:
        if error is None:
            self.delivered += 1
            if self._away:
                self._away = False
                log.warning("Kafka is back at %s", self._settings.kafka_bootstrap)
        elif error.code() != KafkaError._PURGE_QUEUE:
            self._refuse(message.key().decode(), error)

    def _refuse(self, station: str, error: KafkaError) -> None:
        if not self.refused[error.name()]:
            log.error("Kafka refused a board of %s: %s (further ones are counted)", station, error.str())
        self.refused[error.name()] += 1

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            raise UserError(f"Kafka at {self._settings.kafka_bootstrap} cannot go on: {error.str()}")
        if error.code() == KafkaError._ALL_BROKERS_DOWN and not self._away:
            self._away = True
            log.warning(
                "Kafka is away at %s: boards wait in memory, %d so far", self._settings.kafka_bootstrap, self.pending
            )
