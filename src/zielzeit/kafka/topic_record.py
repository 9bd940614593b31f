"""One record of a topic, as a consumer finds it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

import msgspec
from kafka.consumer.fetcher import ConsumerRecord


class TopicRecord(msgspec.Struct, frozen=True):
    """One record of any topic."""

    key: str
    """Empty if the record has none."""
    value: bytes
    """Empty if the record has none."""
    at: datetime
    """Event time, UTC: the record's timestamp."""
    headers: dict[str, str]
    partition: int
    offset: int

    @classmethod
    def of(cls, record: ConsumerRecord) -> Self:
        """The record that kafka-python's consumer returned."""
        return cls(
            key=(record.key or b"").decode(errors="replace"),
            value=record.value or b"",
            at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
            headers={name: (value or b"").decode(errors="replace") for name, value in record.headers},
            partition=record.partition,
            offset=record.offset,
        )
