"""What has been polled so far, counted and put into words."""

from __future__ import annotations

from collections import Counter

from zielzeit.sources.dbf_reply import Verdict


class Tally:
    """Counts of one poller; changed from the event loop alone."""

    def __init__(self, stations: int) -> None:
        self.stations = stations
        self.verdicts: Counter[Verdict] = Counter()
        self.retries = 0
        self.skipped = 0
        """Rounds of a station that passed while it was still answering or asked to be left alone."""
        self.skewed = 0
        """Boards whose server's clock was over five minutes off."""

    def count(self, verdict: Verdict) -> None:
        """One request."""
        self.verdicts[verdict] += 1

    def count_retry(self) -> None:
        """One request about to be repeated."""
        self.retries += 1

    def line(self, *, delivered: int, pending: int) -> str:
        """All counts that are not zero, in a line; ``delivered`` and ``pending`` are the producer's."""
        requests = self.verdicts.total()
        parts = [f"{requests} requests of {self.stations} stations"]
        parts += [f"{count} {verdict}" for verdict, count in self.verdicts.most_common()]
        others = (
            ("retries", self.retries),
            ("rounds skipped", self.skipped),
            ("boards with skewed clock", self.skewed),
        )
        parts += [f"{count} {what}" for what, count in others if count]
        waiting = f", {pending} waiting" if pending else ""
        return ", ".join(parts) + f"; {delivered} boards in Kafka{waiting}"
