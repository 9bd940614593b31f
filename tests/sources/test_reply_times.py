"""Event time, skew and Retry-After from headers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zielzeit.sources.reply_times import SIMULATED_SERVER, Clock, event_time, retry_after_seconds

NOW = datetime(2024, 10, 30, 15, 30, tzinfo=UTC)


def date(minutes: float) -> str:
    """The header of a server whose clock is so many minutes ahead."""
    return format_datetime(NOW + timedelta(minutes=minutes), usegmt=True)


def test_the_servers_date_is_the_event_time() -> None:
    time = event_time({"date": date(-3)}, NOW, "server")
    assert time.at == NOW - timedelta(minutes=3)
    assert not time.skewed


@pytest.mark.parametrize("clock", ["server", "local"])
def test_a_server_ahead_is_not_believed_and_seen(clock: Clock) -> None:
    assert event_time({"date": date(1.9)}, NOW, "server").at == NOW + timedelta(minutes=1.9)
    time = event_time({"date": date(2.1)}, NOW, clock)
    assert time.at == NOW
    assert time.skewed
    assert not time.too_old


def test_a_server_behind_is_believed_and_seen_and_an_old_content_dropped() -> None:
    time = event_time({"date": date(-6)}, NOW, "server")
    assert (time.at, time.skewed, time.too_old) == (NOW - timedelta(minutes=6), True, False)
    assert event_time({"date": date(-61)}, NOW, "server").too_old
    assert not event_time({"date": date(-61)}, NOW, "local").too_old


@pytest.mark.parametrize(
    "headers",
    [
        {"date": date(-10), "age": "600"},  # the cache keeps the Date of the content
        {"date": date(0), "age": "600"},  # the cache sets its own
        {"date": date(300), "age": "600"},
        {"age": " 600"},
    ],
)
def test_the_content_of_a_cache_is_as_old_as_it_says(headers: dict[str, str]) -> None:
    for clock in ("server", "local"):
        time = event_time(headers, NOW, clock)
        assert time.at == NOW - timedelta(minutes=10)
        assert time.skewed is (headers.get("date") == date(300))


@pytest.mark.parametrize("value", ["-5", "soon", "", "1e9", "٣"])
def test_an_unreadable_age_is_none(value: str) -> None:
    assert event_time({"date": date(0), "age": value}, NOW, "server").at == NOW


def test_the_simulated_railways_clock_is_believed_however_far_it_is() -> None:
    time = event_time({"date": date(600), "server": SIMULATED_SERVER}, NOW, "server")
    assert (time.at, time.skewed, time.too_old) == (NOW + timedelta(minutes=600), False, False)


@pytest.mark.parametrize("date", [None, "", "yesterday", "Fri, 31 Dec 9999 23:59:59 -0500", "9" * 5000])
def test_without_a_readable_date_the_own_clock_is_used(date: str | None) -> None:
    time = event_time({"date": date} if date is not None else {}, NOW, "server")
    assert time.at == NOW
    assert time.skew is None
    assert not time.skewed


@given(st.text(), st.text() | st.integers().map(str), st.sampled_from(["server", "local"]))
def test_no_header_breaks_the_event_time(date: str, age: str, clock: Clock) -> None:
    time = event_time({"date": date, "age": age}, NOW, clock)
    assert time.too_old or NOW - timedelta(hours=1) <= time.at <= NOW + timedelta(minutes=2)


@given(st.datetimes(), st.integers(0, 10**12))
def test_the_event_time_is_never_ahead(server: datetime, age: int) -> None:
    headers = {"date": format_datetime(server.replace(tzinfo=UTC), usegmt=True), "age": str(age)}
    time = event_time(headers, NOW, "server")
    assert time.too_old or NOW - timedelta(hours=1) <= time.at <= NOW + timedelta(minutes=2)


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
