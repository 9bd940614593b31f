"""Start of a simulation: an ISO 8601 time, in Europe/Berlin if it has no offset."""

from __future__ import annotations

from datetime import UTC, datetime

from zielzeit.errors import UserError
from zielzeit.simulator.clock import BERLIN


def start_time(text: str | None) -> datetime:
    """Aware time of a text; 06:30 today in Europe/Berlin without one. Raises UserError if the text is not a time."""
    if text is None:
        return datetime.now(UTC).astimezone(BERLIN).replace(hour=6, minute=30, second=0, microsecond=0)
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"--start {text}: not an ISO 8601 time; write for example 2026-03-10T06:30") from None
    return given if given.tzinfo else given.replace(tzinfo=BERLIN)
