"""Answers Prometheus with the poller's metrics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from zielzeit.errors import UserError
from zielzeit.metrics import poller
from zielzeit.metrics.definition import Metric
from zielzeit.sources.poll_statistics import PollStatistics
from zielzeit.sources.reply_kind import ReplyKind


class Producer(Protocol):
    """What takes the boards: ``zielzeit.kafka.producer.BoardProducer``."""

    @property
    def delivered(self) -> int: ...

    @property
    def pending(self) -> int: ...


class PollCollector(Collector):
    """Reads the poller's own counts at each scrape, so that nothing is counted twice."""

    def __init__(self, statistics: PollStatistics, producer: Producer) -> None:
        self._statistics = statistics
        self._producer = producer

    def collect(self) -> Iterator[Family]:
        """Return all metrics of ``zielzeit.metrics.poller``."""
        statistics, producer = self._statistics, self._producer
        replies = _family(poller.REPLIES)
        for kind in ReplyKind:
            replies.add_metric([kind], statistics.replies[kind])
        yield replies
        values = {
            poller.RETRIES: statistics.retries,
            poller.SKIPPED: statistics.skipped,
            poller.SKEWED: statistics.skewed,
            poller.DELIVERED: producer.delivered,
            poller.PENDING: producer.pending,
            poller.STATIONS: statistics.stations,
            poller.UNKNOWN: statistics.unknown,
            poller.UNANSWERED: len(statistics.unanswered),
        }
        for metric, value in values.items():
            family = _family(metric)
            family.add_metric([], value)
            yield family


def _family(metric: Metric) -> CounterMetricFamily | GaugeMetricFamily:
    kind = CounterMetricFamily if metric.type == "counter" else GaugeMetricFamily
    return kind(metric.name, metric.meaning, labels=[label.name for label in metric.labels])


@contextmanager
def answering(port: int, statistics: PollStatistics, producer: Producer) -> Iterator[None]:
    """Answer ``GET /metrics`` at a port of all interfaces as long as the context lasts; port 0: do nothing.

    Raises UserError if the port is taken.
    """
    if not port:
        yield
        return
    registry = CollectorRegistry()
    registry.register(PollCollector(statistics, producer))
    try:
        server, thread = start_http_server(port, registry=registry)
    except OSError as error:
        raise UserError(
            f"port {port} for the poller's metrics: {error.strerror}; see ZIELZEIT_POLL_METRICS_PORT"
        ) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
