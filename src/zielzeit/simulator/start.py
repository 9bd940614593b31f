"""When a simulation starts: an ISO time, read as Europe/Berlin where it has no offset."""

from __future__ import annotations

from datetime import UTC, datetime

from zielzeit.errors import UserError
from zielzeit.simulator.clock import BERLIN


def start_time(text: str | None) -> datetime:
    """Aware start; without a text today's 06:30 in Europe/Berlin. Raises UserError for what is no time."""
    if text is None:
        return datetime.now(UTC).astimezone(BERLIN).replace(hour=6, minute=30, second=0, microsecond=0)
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"--start {text}: no ISO time; write for example 2026-03-10T06:30") from None
    return given if given.tzinfo else given.replace(tzinfo=BERLIN)
