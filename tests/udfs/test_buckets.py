"""Flink spreads the buckets of trains evenly over subtasks."""

from __future__ import annotations

from collections import Counter

import pytest
from pyflink.java_gateway import get_gateway

from zielzeit.runs.buckets import BUCKETS, bucket_of

KEY_GROUPS = 128


@pytest.mark.parametrize("parallelism", [1, 2, 3, 4, 8, 16])
def test_no_subtask_has_more_than_its_share_of_the_buckets(parallelism: int) -> None:
    flink = get_gateway().jvm.org.apache.flink
    subtask_of = flink.runtime.state.KeyGroupRangeAssignment.assignKeyToParallelOperator
    names = {bucket_of(f"RE {number}") for number in range(1_000)}
    assert len(names) == BUCKETS
    buckets: Counter[int] = Counter()
    for name in names:
        key = flink.types.Row(1)  # what KeyByKeySelector returns
        key.setField(0, name)
        buckets[subtask_of(key, KEY_GROUPS, parallelism)] += 1
    assert max(buckets.values()) == -(-BUCKETS // parallelism)
