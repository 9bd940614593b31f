"""One record of a topic, as a consumer finds it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

import msgspec
from kafka.consumer.fetcher import ConsumerRecord

_LATEST = 253_370_764_800_000
"""The begin of the year 9999, Unix milliseconds."""


class TopicRecord(msgspec.Struct, frozen=True):
    """One record of any topic."""

    key: str
    """Empty if the record has none."""
    value: bytes
    """Empty if the record has none."""
    at: datetime
    """Event time, UTC: the record's timestamp, or the nearest time from 1970 to 9999."""
    headers: dict[str, str]
    partition: int
    offset: int

    @classmethod
    def of(cls, record: ConsumerRecord) -> Self:
        """The record that kafka-python's consumer returned."""
        return cls(
            key=(record.key or b"").decode(errors="replace"),
            value=record.value or b"",
            at=_instant(record.timestamp),
            headers={name: (value or b"").decode(errors="replace") for name, value in record.headers},
            partition=record.partition,
            offset=record.offset,
        )


def _instant(milliseconds: int) -> datetime:
    """The time of a record, or the nearest one between 1970 and 9999: some records carry microseconds."""
    return datetime.fromtimestamp(min(max(milliseconds, 0), _LATEST) / 1000, UTC)
