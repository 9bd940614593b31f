"""The command ``poll`` put together: poller, producer, signals, a line of status."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from zielzeit.kafka.producer import BoardProducer
from zielzeit.progress import Shown
from zielzeit.settings import Settings
from zielzeit.shutdown import stopping
from zielzeit.sources.poller import Poller
from zielzeit.sources.reply_times import Clock
from zielzeit.sources.schedule import Plan

_FLUSH_SECONDS = 30.0
_STATUS_SECONDS = 60.0
"""Between two lines of status, without a terminal."""


def poll_until_stopped(plan: Plan, settings: Settings, clock: Clock) -> None:
    """Poll until SIGINT or SIGTERM, then write out what is there, for at most half a minute.

    Raises UserError where boards could not be written.
    """
    print(
        f"polling {len(plan.stations)} stations every {plan.interval_seconds:g} s, "
        f"{plan.requests_per_minute:.1f} requests a minute, from {plan.base_url}",
        flush=True,
    )
    with BoardProducer(settings) as producer:
        asyncio.run(_poll(plan, producer, clock))
        producer.check()


async def _poll(plan: Plan, producer: BoardProducer, clock: Clock) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    poller = Poller(plan, producer, clock=clock)

    def line() -> str:
        return poller.tally.line(delivered=producer.delivered, pending=producer.pending)

    limit = threading.Timer(_FLUSH_SECONDS, producer.abandon)

    def ask_to_stop() -> None:
        limit.start()
        loop.call_soon_threadsafe(stop.set)

    with Shown(every_seconds=_STATUS_SECONDS).step("polling") as step, stopping(ask_to_stop, producer.abandon):
        showing = asyncio.create_task(_show(lambda: step.say(line())))
        try:
            await poller.run(stop, producer.flush)
        finally:
            showing.cancel()
            limit.cancel()
            print(line(), flush=True)


async def _show(show: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(0.5)
        show()
