"""The command ``poll`` put together: poller, producer, signals, a line of status."""

from __future__ import annotations

import threading

from zielzeit.kafka.producer import BoardProducer
from zielzeit.progress import Shown
from zielzeit.settings import Settings
from zielzeit.shutdown import stopping
from zielzeit.sources.plan import Plan
from zielzeit.sources.poll_metrics import answering
from zielzeit.sources.poller import Poller
from zielzeit.sources.reply_times import Clock
from zielzeit.stations.table import register

_FLUSH_SECONDS = 30.0
"""Longest wait for Kafka after the command was asked to stop."""
_STATUS_SECONDS = 60.0
"""Between two lines of status, without a terminal."""


def poll_until_stopped(plan: Plan, settings: Settings, clock: Clock) -> None:
    """Poll until SIGINT or SIGTERM, then write the boards that have come, for at most half a minute.

    Raises UserError if boards could not be written, or the port for metrics is taken.
    """
    print(
        f"polling {len(plan.stations)} stations every {plan.interval_seconds:g} s, "
        f"{plan.requests_per_minute:.1f} requests a minute, from {plan.base_url}",
        flush=True,
    )
    with BoardProducer(settings) as producer:
        poller = Poller(plan, producer, clock=clock, stations=register(settings.stations))
        limit = threading.Timer(_FLUSH_SECONDS, producer.abandon)

        def stop() -> None:
            limit.start()
            poller.stop()

        def line() -> str:
            return poller.statistics.line(delivered=producer.delivered, pending=producer.pending)

        with (
            answering(settings.poll_metrics_port, poller.statistics, producer),
            Shown(every_seconds=_STATUS_SECONDS).step("polling") as step,
            stopping(stop, producer.abandon),
        ):

            def tick() -> None:
                producer.serve()
                step.say(line())

            try:
                poller.run(tick)
            finally:
                producer.flush(lambda _: step.say(line()))
                limit.cancel()
                print(line(), flush=True)
        producer.check()
