"""Records on their way to Kafka. Those of one step go together, because each element is a call of Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pyflink.common import Row

from zielzeit.events.topic_record import Record

MOST: Final = 16
"""Records of an element. Flink copies it whole for each of them when it takes them apart."""


def batch(records: Sequence[Record]) -> Iterator[Row]:
    """Yield rows of ``flink_jobs.event_sink.RECORDS``, which have the records field by field."""
    for begin in range(0, len(records), MOST):
        yield Row(*map(list, zip(*records[begin : begin + MOST], strict=True)))
