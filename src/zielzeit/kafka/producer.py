"""Boards into Kafka: compressed, in order per station, none lost while the broker is away.

A board that kafka-python drops all the same is sent again, behind newer ones of its station.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable
from time import monotonic, time
from types import TracebackType
from typing import Any, Self

import msgspec
from kafka import KafkaProducer
from kafka.errors import (
    InvalidProducerEpochError,
    KafkaError,
    KafkaTimeoutError,
    OutOfOrderSequenceNumberError,
    RetriableError,
    UnknownProducerIdError,
)

from zielzeit.boards.record import BoardRecord, compress, headers
from zielzeit.errors import UserError
from zielzeit.kafka.admin import ensure_topics, topic_limits
from zielzeit.kafka.buffer import Buffer
from zielzeit.kafka.client import CONNECT_SECONDS, broker_error, options
from zielzeit.settings import Settings
from zielzeit.topics import BOARDS

log = logging.getLogger(__name__)

_AWAY_SECONDS = 5.0
"""Kafka is away if it has confirmed nothing for so long although boards wait."""
_CLOSE_SECONDS = 5.0
_BATCH_BYTES = 512 * 1024
_BUFFER_BYTES = 128 * 1024 * 1024
_OVERHEAD_BYTES = 128
"""Most that a batch of one record adds to its key, value and headers, and a header to its name and value."""

_LOST_BUT_NOT_REFUSED = (
    RetriableError,
    # The broker has forgotten the sequence of this producer. kafka-python begins a new one and drops the records that
    # were under way.
    OutOfOrderSequenceNumberError,
    UnknownProducerIdError,
    InvalidProducerEpochError,
)


class _Message(msgspec.Struct, frozen=True):
    """One board as Kafka takes it."""

    key: bytes
    value: bytes
    timestamp: int
    """Event time, Unix milliseconds (UTC)."""
    headers: list[tuple[str, bytes]]

    @property
    def size(self) -> int:
        """Most bytes that the record takes, alone in its batch."""
        texts = sum(len(name) + len(value) + _OVERHEAD_BYTES for name, value in self.headers)
        return len(self.key) + len(self.value) + texts + _OVERHEAD_BYTES


class BoardProducer:
    """Writes BoardRecords to the topic ``boards``, which it creates if it is missing.

    Boards wait in a bounded buffer until the broker has them, however long it is away; a full buffer makes ``publish``
    wait. All methods may be called from any thread.

    Raises UserError if no broker answers at the start.
    """

    def __init__(self, settings: Settings, *, buffer_boards: int = 50_000) -> None:
        ensure_topics(settings, [BOARDS])
        limits = topic_limits(settings, BOARDS)
        self._largest, self._ahead_ms = limits.record_bytes, limits.ahead_ms
        self._settings = settings
        self._topic = settings.topic(BOARDS)
        self._buffer = Buffer(most_boards=buffer_boards, most_bytes=_BUFFER_BYTES)
        self._lost: deque[_Message] = deque()
        """Boards that kafka-python has dropped: to be handed over once more."""
        self._lock = threading.Lock()
        self._refused: Counter[str] = Counter()
        """Boards that will never be written, by the reason."""
        self._fatal: BaseException | None = None
        """Why the producer cannot go on."""
        self._delivered = 0
        self._given_up = 0
        self._progress_at = monotonic()
        self._away = False
        self._abandoned = False
        self._closed = False
        try:
            self._client = KafkaProducer(
                **options(settings),
                acks="all",
                enable_idempotence=True,
                linger_ms=20,
                batch_size=min(_BATCH_BYTES, self._largest),
                max_request_size=max(8 * _BATCH_BYTES, self._largest),
                delivery_timeout_ms=float("inf"),
                max_block_ms=round(CONNECT_SECONDS * 1000),
                metrics_enabled=False,
            )
            # A producer that does not know the topic's partitions yet cannot take boards while the broker is away.
            self._client.partitions_for(self._topic)
        except KafkaError as error:
            raise broker_error(settings, error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection. Boards that are not flushed by now are given up."""
        self._closed = True
        if self.pending:
            # ``close`` raises, and leaves its thread behind, if its ``flush`` has not written everything in time.
            self._client.flush = lambda timeout: None
        self._client.close(timeout=0 if self.pending else _CLOSE_SECONDS)

    @property
    def delivered(self) -> int:
        """Number of boards that the broker has confirmed."""
        return self._delivered

    @property
    def pending(self) -> int:
        """Number of boards that the broker has neither confirmed nor refused yet."""
        return self._buffer.boards

    @property
    def unwritten(self) -> int:
        """Number of boards handed over that the broker has not confirmed, or has refused."""
        return self.pending + self._given_up + self._refused.total()

    def check(self) -> None:
        """Raise UserError, with the reason, if boards are unwritten. To be called after ``flush``."""
        if self.unwritten:
            reasons = ", ".join(self._refused) or f"Kafka was away at {self._settings.kafka_bootstrap}"
            raise UserError(f"{self.unwritten} boards were not written to Kafka: {reasons}")

    def publish(self, record: BoardRecord) -> None:
        """Hand over one board; waits for room in the buffer. Raises UserError if the producer cannot go on."""
        self._raise_if_fatal()
        message = _Message(
            key=record.station.encode(),
            value=compress(record.body),
            timestamp=round(record.polled_at.timestamp() * 1000),
            headers=headers(record),
        )
        if not self.pending:
            self._progress_at = monotonic()
        if message.size > self._largest:
            too_large = f"larger than {self._largest} bytes, the most that the topic takes"
            self._refuse(message, too_large, too_large)
        elif message.timestamp > time() * 1000 + self._ahead_ms:
            # The broker would refuse it, and kafka-python all boards after it.
            ahead = f"over {self._ahead_ms / 60_000:g} minutes ahead of the clock (ZIELZEIT_BOARDS_AHEAD_MINUTES)"
            self._refuse(message, ahead, ahead)
        elif self._buffer.take(message.size, self._must_give_up):
            self._send(message)
        else:
            with self._lock:
                self._given_up += 1
        self._send_lost()
        self.serve()

    def serve(self) -> None:
        """Say once if Kafka has gone away; to be called now and then where ``publish`` is called seldom."""
        if self.pending and not self._away and monotonic() - self._progress_at >= _AWAY_SECONDS:
            self._away = True
            log.warning(
                "Kafka is away at %s: boards wait in memory, %d so far", self._settings.kafka_bootstrap, self.pending
            )

    def abandon(self) -> None:
        """Give up waiting: a waiting ``publish`` drops its board, ``flush`` returns. Signal handlers may call it."""
        self._abandoned = True

    def flush(self, on_progress: Callable[[int], object] = lambda delivered: None) -> int:
        """Wait until the broker has every board or ``abandon`` is called; returns how many are still pending.

        ``on_progress`` takes how many boards are delivered.
        """
        while not self._abandoned and self._fatal is None and not self._buffer.wait_until_empty():
            self._send_lost()
            self.serve()
            on_progress(self._delivered)
        on_progress(self._delivered)
        return self.pending

    def _must_give_up(self) -> bool:
        """Return True after ``abandon``. Raises UserError if the producer cannot go on."""
        self._raise_if_fatal()
        self.serve()
        return self._abandoned

    def _raise_if_fatal(self) -> None:
        if self._fatal is not None:
            raise UserError(f"Kafka at {self._settings.kafka_bootstrap} cannot go on: {self._fatal}")

    def _send(self, message: _Message) -> None:
        """Hand the board to kafka-python, which keeps it until the broker has it."""
        while True:
            try:
                future = self._client.send(
                    self._topic,
                    value=message.value,
                    key=message.key,
                    timestamp_ms=message.timestamp,
                    headers=message.headers,
                )
            except KafkaTimeoutError:  # it has lost sight of the topic
                if self._must_give_up():
                    return
            else:
                future.add_callback(self._on_delivery, message)
                future.add_errback(self._on_error, message)
                return

    def _send_lost(self) -> None:
        """Hand over the boards that kafka-python has dropped."""
        for _ in range(len(self._lost)):
            try:
                message = self._lost.popleft()
            except IndexError:  # another thread was faster
                return
            self._send(message)

    def _on_delivery(self, message: _Message, _metadata: Any) -> None:
        """Take in that the broker has the board; called by kafka-python's thread."""
        self._delivered += 1
        self._progress_at = monotonic()
        self._buffer.release(message.size)
        if self._away:
            self._away = False
            log.warning("Kafka is back at %s", self._settings.kafka_bootstrap)

    def _on_error(self, message: _Message, error: BaseException) -> None:
        """Take in that the board is not written; called by kafka-python's thread."""
        if self._closed:
            return
        if isinstance(error, _LOST_BUT_NOT_REFUSED):
            self._lost.append(message)
            return
        # After any other error kafka-python fails all that an idempotent producer sends.
        self._fatal = self._fatal or error
        self._refuse(message, type(error).__name__, str(error))
        self._buffer.release(message.size)

    def _refuse(self, message: _Message, reason: str, detail: str) -> None:
        """Count a board that will never be written, and log the first one for each reason."""
        with self._lock:
            self._refused[reason] += 1
            first = self._refused[reason] == 1
        if first:
            log.error("Kafka refused a board of %s: %s (further ones are counted)", message.key.decode(), detail)
