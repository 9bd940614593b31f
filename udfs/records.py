"""Records on their way to Kafka. Those of one step are one element, because each element is a call of Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pyflink.common import Row

from zielzeit.events.topic_record import Record


def batch(records: Sequence[Record]) -> Iterator[Row]:
    """Yield a row of ``flink_jobs.event_sink.RECORDS`` with all records, if there are any: field by field."""
    if records:
        yield Row(*map(list, zip(*records, strict=True)))
