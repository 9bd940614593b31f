"""Event time of a board and the pause that a server asks for, from the headers of a reply."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

import msgspec

Clock = Literal["server", "local"]

_LONGEST_AGE_SECONDS = 10**9
AHEAD_LIMIT = timedelta(minutes=2)
"""A ``Date`` further ahead of the own clock is wrong, for content is never made in the future. Machines that keep the
time by NTP are seconds apart, and a decision waits for five minutes (``grace``)."""
BEHIND_LIMIT = timedelta(minutes=5)
"""A ``Date`` further behind, without an ``Age`` that explains it, is told."""
OLDEST = timedelta(hours=1)
"""Older content is dropped: all that a board shows has left its window, and no decision could take it in time."""
SIMULATED_SERVER = "zielzeit-simulator"
"""Header ``Server`` of the simulated railway, whose clock may run at any speed: its ``Date`` is believed as it is."""


class EventTime(msgspec.Struct, frozen=True):
    """When the content of a board was made."""

    at: datetime
    """UTC."""
    skew: timedelta | None
    """The server's clock minus the own one, ``Age`` taken into account; None if the reply has no readable ``Date``."""
    age: timedelta = timedelta(0)
    """How long before it was received the content was made."""

    @property
    def skewed(self) -> bool:
        """Whether the two clocks are too far apart."""
        return self.skew is not None and not -BEHIND_LIMIT <= self.skew <= AHEAD_LIMIT

    @property
    def too_old(self) -> bool:
        """Whether the content is older than ``OLDEST``."""
        return self.age > OLDEST


def http_date(value: str | None) -> datetime | None:
    """An HTTP date (RFC 9110, section 5.6.7) in UTC, or None if it is absent or unreadable."""
    if not value:
        return None
    try:
        at = parsedate_to_datetime(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # year 9999 in a zone west of Greenwich
        return None


def event_time(headers: Mapping[str, str], now: datetime, clock: Clock) -> EventTime:
    """Event time of a reply received at ``now`` of the own clock, from its headers (names in small letters).

    It is ``Date``, or with ``clock="local"`` the own clock's time, but no later than ``Age`` says (RFC 9111, section
    5.1: seconds since a cache has the content). Without a readable ``Date``, and where it lies more than
    ``AHEAD_LIMIT`` ahead, the own clock counts.
    """
    now = now.astimezone(UTC)
    server = http_date(headers.get("date"))
    if server and headers.get("server") == SIMULATED_SERVER:
        return EventTime(server if clock == "server" else now, None)
    age = _age(headers.get("age"))
    made = now - age
    if server is None:
        return EventTime(made, None, age)
    # A cache keeps the Date of the content, or sets its own.
    skew = min(timedelta(0), server - made) if server <= now else server - now
    if clock == "local" or server - now > AHEAD_LIMIT:
        return EventTime(made, skew, age)
    at = min(server, made) if age else server
    return EventTime(at, skew, now - at)


def _age(value: str | None) -> timedelta:
    """The header ``Age`` (RFC 9111, section 5.1), zero if it is absent or unreadable."""
    text = (value or "").strip()
    if not (text.isascii() and text.isdigit()):
        return timedelta(0)
    return timedelta(seconds=min(float(text), _LONGEST_AGE_SECONDS))


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by the header ``Retry-After`` (RFC 9110, section 10.2.3), a number or a date; None if neither.

    ``now`` is the present time of the clock that the date is measured with, the server's.
    """
    if value and value.strip().isascii() and value.strip().isdigit():
        return float(value)
    until = http_date(value)
    return max(0.0, (until - now).total_seconds()) if until else None
