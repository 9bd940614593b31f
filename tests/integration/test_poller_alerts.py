"""A real Prometheus calls when the poller's server fails, and when the poller is gone; before that it is silent.

Simulated time runs 60 times as fast as the clock, and so do the rules: their minutes are seconds. Thresholds stay.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.stack import Stack
from deploy.monitoring.files import RULES
from tests.conftest import free_ports
from tests.deploy.monitoring.scaled_rules import scaled
from tests.integration import job
from tests.integration.drill import SPEED, Drill, Feed
from tests.integration.prometheus import watching
from tests.waiting import wait_until
from zielzeit.metrics.poller import DELIVERED

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.mark.usefixtures("broker")
def test_a_failing_server_and_a_missing_poller_call(session_stack: Stack, tmp_path: Path) -> None:
    settings = job.settings_for(
        session_stack,
        topic_partitions=1,
        poll_interval_seconds=180 / SPEED,
        poll_metrics_port=free_ports(1)[0],
    )
    rules = tmp_path / "rules.yaml"
    rules.write_text(scaled(RULES.read_text(), SPEED))
    poller = f"127.0.0.1:{settings.poll_metrics_port}"
    with Feed.started(settings, tmp_path) as feed, watching(settings, tmp_path, rules) as prometheus:
        drill = Drill(prometheus)

        def is_delivered() -> bool:
            return any(number >= 50 for number in prometheus.numbers(DELIVERED.series))

        def is_silent() -> bool:
            return not [one for one in prometheus.alerts("pending", "firing") if one.get("instance") == poller]

        wait_until("boards are delivered", is_delivered)
        wait_until("silence", lambda: prometheus.are_rules_evaluated() and is_silent())

        feed.fail("error500")
        feed.start_poller()
        drill.expect("PollerReplies", instance=poller)
        drill.expect("StationsUnanswered", instance=poller)
        feed.stop_poller()
        drill.expect("TargetDown", instance=poller)
