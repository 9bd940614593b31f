"""How long an early message waits for others."""

from __future__ import annotations

import pytest

from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.model.early_buffer import HOLD, HOLD_PAST, hold

NOW = Milliseconds(1_700_000_000_000)


@pytest.mark.parametrize(
    ("minutes_ago", "waits"), [(-1, HOLD), (0, HOLD), (59, HOLD), (60, HOLD_PAST), (60 * 24 * 30, HOLD_PAST)]
)
def test_a_message_of_the_past_waits_longer_than_one_that_somebody_looks_out_for(minutes_ago: int, waits: int) -> None:
    assert hold(Milliseconds(NOW - minutes_ago * MINUTE), NOW) == waits
    assert HOLD < HOLD_PAST
