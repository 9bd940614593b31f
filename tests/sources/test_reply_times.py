"""Event time, skew and Retry-After from headers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from zielzeit.sources.reply_times import event_time, retry_after_seconds

NOW = datetime(2024, 10, 30, 15, 30, tzinfo=UTC)


def test_the_servers_date_is_the_event_time() -> None:
    time = event_time("Wed, 30 Oct 2024 15:27:00 GMT", NOW, "server")
    assert time.at == NOW - timedelta(minutes=3)
    assert not time.skewed


def test_the_own_clock_is_used_on_request_and_the_skew_still_seen() -> None:
    time = event_time("Wed, 30 Oct 2024 15:36:00 GMT", NOW, "local")
    assert time.at == NOW
    assert time.skewed


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_without_a_readable_date_the_own_clock_is_used(date: str | None) -> None:
    time = event_time(date, NOW, "server")
    assert time.at == NOW
    assert time.skew is None
    assert not time.skewed


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Wed, 30 Oct 2024 15:31:30 GMT", 90.0),
        ("Wed, 30 Oct 2024 15:00:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds
