"""Records on their way to Kafka are put together, but not more than Flink copies quickly."""

from __future__ import annotations

import pytest

from udfs.records import MOST, batch
from zielzeit.berlin_time import Milliseconds
from zielzeit.events.topic_record import Record


@pytest.mark.parametrize("count", [0, 1, MOST, MOST + 1, 10 * MOST])
def test_every_record_is_in_one_row_in_the_order_in_which_it_came(count: int) -> None:
    records = [
        Record(topic="predictions", key=f"key {number}".encode(), value=b"{}", at=Milliseconds(number))
        for number in range(count)
    ]
    rows = list(batch(records))
    assert [Record(*fields) for row in rows for fields in zip(*row, strict=True)] == records
    assert len(rows) == -(-count // MOST)
