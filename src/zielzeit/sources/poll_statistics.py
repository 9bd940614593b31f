"""Counts of what was polled so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from zielzeit.sources.dbf_reply import DbfReply
from zielzeit.sources.reply_kind import ReplyKind

_MOST_NAMED = 3
"""Most stations that the status line names."""


class PollStatistics:
    """Counts of one poller; changed by one thread."""

    def __init__(self, stations: int, unknown: int = 0) -> None:
        self.stations = stations
        """Number of polled stations."""
        self.unknown = unknown
        """Number of those that the station register does not know."""
        self.replies: Counter[ReplyKind] = Counter()
        """Requests by what became of them."""
        self.retries = 0
        """Requests that repeated an earlier one of the same round."""
        self.skipped = 0
        """Rounds of a station that passed while it was still answering or the server asked for a pause."""
        self.unanswered: Mapping[str, DbfReply] = {}
        """Last replies of the stations that never answered with a board."""
        self.pause_ends: datetime | None = None
        """End of the pause that the server asked for; None without one."""
        self.skewed = 0
        """Boards whose server's clock was more than two minutes ahead or five behind."""

    def line(self, *, delivered: int, pending: int) -> str:
        """All counts that are not zero, in one line; ``delivered`` and ``pending`` are boards of the producer."""
        unknown = f" ({self.unknown} not in the station register)" if self.unknown else ""
        parts = [f"{self.replies.total()} requests of {self.stations} stations{unknown}"]
        parts += [f"{count} {kind}" for kind, count in self.replies.most_common()]
        others = (
            ("retries", self.retries),
            ("rounds skipped", self.skipped),
            ("boards with skewed clock", self.skewed),
        )
        parts += [f"{count} {what}" for what, count in others if count]
        if self.pause_ends is not None:
            parts.insert(0, f"the server asks for a pause until {self.pause_ends.astimezone():%H:%M:%S}")
        names = [f"{station} ({reply.kind})" for station, reply in self.unanswered.items()]
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        without = f"; no board yet: {', '.join(names[:_MOST_NAMED])}{more}" if names else ""
        waiting = f", {pending} waiting" if pending else ""
        return ", ".join(parts) + f"; {delivered} boards in Kafka{waiting}{without}"
