"""Polls each station on its own schedule and hands the boards on; the only part that waits for HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Protocol

import httpx
import msgspec
from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_base, wait_random_exponential

from zielzeit.boards.record import BoardRecord
from zielzeit.sources.dbf_reply import Classified, Verdict, classify, is_code, learn
from zielzeit.sources.poll_statistics import Tally
from zielzeit.sources.reply_times import Clock, event_time, http_date, retry_after_seconds
from zielzeit.sources.schedule import Plan

log = logging.getLogger(__name__)

_ATTEMPTS = 4
_LONGEST_BACKOFF_SECONDS = 30.0
_LONGEST_PAUSE_SECONDS = 3600.0


class Publisher(Protocol):
    """What takes the boards: ``zielzeit.kafka.producer.BoardProducer``."""

    def publish(self, record: BoardRecord) -> None: ...
    def serve(self) -> None: ...


class _Attempt(msgspec.Struct, frozen=True):
    reply: Classified
    retry_after: float | None = None
    record: BoardRecord | None = None


class Poller:
    """Polls by the plan until it is stopped. Every station has its own task: none waits for another's failure."""

    def __init__(
        self, plan: Plan, publisher: Publisher, *, clock: Clock = "server", tally: Tally | None = None
    ) -> None:
        self.tally = tally or Tally(len(plan.stations))
        self._plan = plan
        self._publisher = publisher
        self._clock = clock
        self._known: dict[str, frozenset[str]] = {}
        self._complained: set[str] = set()
        self._slots = asyncio.Semaphore(plan.concurrency)
        # One token at a time: a full bucket would let twice the rate through in its first minute.
        self._bucket = AsyncLimiter(1, 60 / plan.per_minute) if plan.per_minute else None
        # One thread: while Kafka's queue is full the event loop lives on, and the boards keep their order.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="kafka")

    async def run(self, stop: asyncio.Event, finish: Callable[[], object]) -> None:
        """Poll until ``stop`` is set, then wait for the boards under way to Kafka and for ``finish`` (in their thread).

        Raises what publishing raises.
        """
        limits = httpx.Limits(max_connections=self._plan.concurrency, max_keepalive_connections=self._plan.concurrency)
        timeout = httpx.Timeout(self._plan.timeout_seconds)
        async with httpx.AsyncClient(limits=limits, timeout=timeout, headers={"user-agent": "zielzeit"}) as client:
            stations = [
                asyncio.create_task(self._poll_for_ever(client, station, self._plan.phase_seconds(index)))
                for index, station in enumerate(self._plan.stations)
            ]
            tasks = [*stations, asyncio.create_task(self._serve_for_ever()), asyncio.create_task(stop.wait())]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(self._writer, finish)
        self._writer.shutdown()
        for task in done:
            task.result()

    async def _poll_for_ever(self, client: httpx.AsyncClient, station: str, phase: float) -> None:
        now = asyncio.get_running_loop().time
        due = now() + phase
        while True:
            await asyncio.sleep(due - now())
            pause = await self._poll(client, station)
            due += self._plan.interval_seconds
            while due < now():  # a round that is over is not made up for
                due += self._plan.interval_seconds
                self.tally.skipped += 1
            due = max(due, now() + max(pause, self._plan.spacing_seconds))

    async def _poll(self, client: httpx.AsyncClient, station: str) -> float:
        """One round of a station with its retries; returns seconds for which the server wants to be left alone."""
        retrying = AsyncRetrying(
            retry=retry_if_result(_may_help),
            wait=_Backoff(self._plan),
            stop=stop_after_attempt(_ATTEMPTS)
            | stop_before_delay(self._plan.interval_seconds - self._plan.spacing_seconds),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
            before_sleep=lambda _: self.tally.count_retry(),
        )
        attempt: _Attempt = await retrying(self._attempt, client, station)
        if attempt.record is not None:
            # Shielded: a board that has come is written even if the poller is stopped while Kafka's queue is full.
            loop = asyncio.get_running_loop()
            await asyncio.shield(loop.run_in_executor(self._writer, self._publisher.publish, attempt.record))
        return attempt.retry_after or 0.0

    async def _attempt(self, client: httpx.AsyncClient, station: str) -> _Attempt:
        """One request, judged and counted."""
        if self._bucket:
            await self._bucket.acquire()
        async with self._slots:
            url = self._plan.url(station)
            try:
                # httpx limits each read; this limits the whole, for a server that drips.
                async with asyncio.timeout(self._plan.timeout_seconds):
                    response = await client.get(url)
            except (TimeoutError, httpx.TimeoutException):
                attempt = _Attempt(Classified(Verdict.TIMEOUT, True, f"after {self._plan.timeout_seconds:g} s"))
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                attempt = _Attempt(Classified(Verdict.CONNECTION, True, str(error) or type(error).__name__))
            else:
                attempt = self._judge(station, response)
        self.tally.count(attempt.reply.verdict)
        self._complain_once(station, attempt.reply)
        return attempt

    def _judge(self, station: str, response: httpx.Response) -> _Attempt:
        now = datetime.now(UTC)
        known = self._known.get(station, frozenset())
        reply = classify(response.status_code, response.content, station, known)
        date = response.headers.get("date")
        pause = retry_after_seconds(response.headers.get("retry-after"), http_date(date) or now)
        pause = min(pause, _LONGEST_PAUSE_SECONDS) if pause else None
        if not reply.verdict.published:
            return _Attempt(reply, pause)
        if is_code(station) and reply.verdict is Verdict.OK:
            self._known[station] = learn(known, reply.common)
        time = event_time(date, now, self._clock)
        if time.skewed:
            self._warn_of_skew(time.skew.total_seconds() if time.skew else 0.0)
        record = BoardRecord(
            station=station,
            body=response.content,
            polled_at=time.at,
            source="poll",
            url=str(response.url),
            status=response.status_code,
            content_type=response.headers.get("content-type", ""),
        )
        return _Attempt(reply, pause, record)

    def _warn_of_skew(self, seconds: float) -> None:
        if not self.tally.skewed:
            log.warning(
                "the server's clock is %+.0f s off the own one; event time is the %s clock's (--clock)",
                seconds,
                self._clock,
            )
        self.tally.skewed += 1

    def _complain_once(self, station: str, reply: Classified) -> None:
        """Log the first reply of each kind, and each station answered with another's board; the rest is counted."""
        if reply.verdict is Verdict.OK:
            return
        about = f"{reply.verdict} {station}" if reply.verdict is Verdict.OTHER_STATION else reply.verdict
        if about not in self._complained:
            self._complained.add(about)
            log.warning(
                "%s: %s%s (counted from now on)", station, reply.verdict, f", {reply.detail}" if reply.detail else ""
            )

    async def _serve_for_ever(self) -> None:
        """Take in Kafka's confirmations even while no board comes."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.5)
            await loop.run_in_executor(self._writer, self._publisher.serve)


class _Backoff(wait_base):
    """Exponential with full jitter, in proportion to the interval; no less than Retry-After and the rules' spacing."""

    def __init__(self, plan: Plan) -> None:
        self._least = plan.spacing_seconds
        self._random = wait_random_exponential(
            multiplier=min(1.0, plan.interval_seconds / 20), max=_LONGEST_BACKOFF_SECONDS
        )

    def __call__(self, retry_state: RetryCallState) -> float:
        attempt: _Attempt | None = retry_state.outcome.result() if retry_state.outcome else None
        asked = (attempt.retry_after if attempt else None) or 0.0
        return max(self._least, asked, self._random(retry_state))


def _may_help(attempt: _Attempt) -> bool:
    return attempt.reply.retry
