"""The metrics of the poller, which is a process of its own: ``zielzeit.sources.poll_metrics`` answers Prometheus."""

from __future__ import annotations

from typing import Final

from zielzeit.metrics.definition import Label, Metric

REPLIES: Final = Metric(
    name="zielzeit_poller_replies_total",
    unit="requests",
    labels=(Label("kind", "What became of the request: the words of `zielzeit.sources.reply_kind`."),),
    meaning="Requests by what became of them, in the words of the status line: `ok`, `time-out` …",
)
RETRIES: Final = Metric(
    name="zielzeit_poller_retries_total",
    unit="requests",
    meaning="Requests that repeated an earlier one of the same round.",
)
SKIPPED: Final = Metric(
    name="zielzeit_poller_rounds_skipped_total",
    unit="rounds",
    meaning="Rounds of a station that passed while it was still answering or the server asked for a pause.",
)
SKEWED: Final = Metric(
    name="zielzeit_poller_skewed_boards_total",
    unit="boards",
    meaning="Boards whose server's clock was more than two minutes ahead or five behind.",
)
DELIVERED: Final = Metric(
    name="zielzeit_poller_delivered_boards_total", unit="boards", meaning="Boards that Kafka has confirmed."
)
PENDING: Final = Metric(
    name="zielzeit_poller_pending_boards", type="value", unit="boards", meaning="Boards that wait for Kafka."
)
STATIONS: Final = Metric(
    name="zielzeit_poller_stations", type="value", unit="stations", meaning="Stations that are polled."
)
UNKNOWN: Final = Metric(
    name="zielzeit_poller_unknown_stations",
    type="value",
    unit="stations",
    meaning="Stations that are polled and that the station register does not know.",
)
UNANSWERED: Final = Metric(
    name="zielzeit_poller_unanswered_stations",
    type="value",
    unit="stations",
    meaning="Stations that were asked and never answered with a board.",
)

POLLER: Final = (REPLIES, RETRIES, SKIPPED, SKEWED, DELIVERED, PENDING, STATIONS, UNKNOWN, UNANSWERED)
"""All metrics of the poller."""
