"""Prometheus scrapes the poller over HTTP and finds the counts of the status line."""

from __future__ import annotations

import socket

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import free_ports
from zielzeit.errors import UserError
from zielzeit.metrics.poller import POLLER
from zielzeit.sources.dbf_reply import DbfReply
from zielzeit.sources.poll_metrics import answering
from zielzeit.sources.poll_statistics import PollStatistics
from zielzeit.sources.reply_kind import ReplyKind


class Delivering:
    """A producer that has delivered seven boards and holds two."""

    delivered = 7
    pending = 2


def scrape(port: int) -> dict[tuple[str, ...], float]:
    """All samples, by name and values of labels."""
    reply = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10)
    reply.raise_for_status()
    families = text_string_to_metric_families(reply.text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_a_scrape_has_every_metric_of_the_list_as_the_statistics_are_now() -> None:
    (port,) = free_ports(1)
    statistics = PollStatistics(5)
    with answering(port, statistics, Delivering()):
        before = scrape(port)
        assert {name for name, *_ in before} == {metric.series for metric in POLLER}
        assert before["zielzeit_poller_replies_total", "time-out"] == 0
        statistics.replies.update({ReplyKind.OK: 3, ReplyKind.TIMEOUT: 2})
        statistics.retries = 2
        statistics.unanswered = {"Kiel Hbf": DbfReply(ReplyKind.TIMEOUT, retry=True)}
        after = scrape(port)
    changed = {series: value for series, value in after.items() if before[series] != value}
    assert changed == {
        ("zielzeit_poller_replies_total", "ok"): 3,
        ("zielzeit_poller_replies_total", "time-out"): 2,
        ("zielzeit_poller_retries_total",): 2,
        ("zielzeit_poller_unanswered_stations",): 1,
    }
    assert after["zielzeit_poller_delivered_boards_total",] == 7
    assert {after[f"zielzeit_poller_{what}",] for what in ("stations", "pending_boards")} == {5, 2}
    with pytest.raises(requests.ConnectionError):
        scrape(port)


def test_without_a_port_nobody_answers_and_a_taken_one_is_named() -> None:
    statistics = PollStatistics(1)
    with answering(0, statistics, Delivering()):
        pass
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))  # noqa: S104 - as the poller does
        taken.listen()
        port = taken.getsockname()[1]
        said = f"port {port} for the poller's metrics: .*in use.*POLL_METRICS_PORT"
        with pytest.raises(UserError, match=said), answering(port, statistics, Delivering()):
            pass
