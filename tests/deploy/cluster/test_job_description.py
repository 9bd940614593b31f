"""A job's own settings, made of the environment's."""

from __future__ import annotations

import pytest

from deploy.cluster.job_description import PREDICT, STORE
from zielzeit.settings import Settings


@pytest.mark.parametrize(
    ("bounded", "interval", "expected"), [(False, 10.0, 10.0), (True, 10.0, 2.0), (True, 0.5, 0.5)]
)
def test_a_bounded_job_waits_at_its_end_for_no_more_than_two_seconds(
    bounded: bool, interval: float, expected: float
) -> None:
    own = PREDICT.settings(Settings(bounded=bounded, checkpoint_interval_seconds=interval))
    assert own.checkpoint_interval_seconds == expected


def test_a_checkpoint_of_the_storage_job_ends_a_file_so_they_are_minutes_apart_also_where_it_is_bounded() -> None:
    assert STORE.settings(Settings(bounded=True, store_interval_seconds=300.0)).checkpoint_interval_seconds == 300.0
