"""Event time of a board and the pause that a server asks for, from the headers of a reply."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

import msgspec

Clock = Literal["server", "local"]

SKEW_LIMIT = timedelta(minutes=5)


class EventTime(msgspec.Struct, frozen=True):
    """When the content of a board was made."""

    at: datetime
    """UTC."""
    skew: timedelta | None
    """The server's clock minus the own one; None if the reply has no readable ``Date``."""

    @property
    def skewed(self) -> bool:
        """Whether the two clocks are more than ``SKEW_LIMIT`` apart."""
        return self.skew is not None and abs(self.skew) > SKEW_LIMIT


def http_date(value: str | None) -> datetime | None:
    """An HTTP date (RFC 9110, section 5.6.7) in UTC, or None if it is absent or unreadable."""
    if not value:
        return None
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def event_time(date: str | None, now: datetime, clock: Clock) -> EventTime:
    """Event time of a reply with the header ``Date``, received at ``now`` of the own clock.

    Without a readable ``Date`` it is the own clock's.
    """
    server = http_date(date)
    skew = server - now if server else None
    return EventTime(server if server and clock == "server" else now.astimezone(UTC), skew)


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by the header ``Retry-After`` (RFC 9110, section 10.2.3), a number or a date; None if neither.

    ``now`` is the present time of the clock that the date is measured with, the server's.
    """
    if value and value.strip().isascii() and value.strip().isdigit():
        return float(value)
    until = http_date(value)
    return max(0.0, (until - now).total_seconds()) if until else None
