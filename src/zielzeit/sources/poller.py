"""Polls each station on its own schedule and hands the boards on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from math import inf
from queue import Empty, SimpleQueue
from time import monotonic, time
from typing import Protocol

from zielzeit.boards.record import BoardRecord
from zielzeit.sources.asker import Answer, Asker
from zielzeit.sources.board_client import BoardClient, ClientClosedError
from zielzeit.sources.dbf_reply import DbfReply
from zielzeit.sources.own_board import is_code, learn
from zielzeit.sources.plan import Plan
from zielzeit.sources.poll_statistics import PollStatistics
from zielzeit.sources.reply_kind import ReplyKind
from zielzeit.sources.reply_times import Clock, EventTime
from zielzeit.sources.schedule import RoundEnd, Schedule
from zielzeit.sources.unanswered import Unanswered
from zielzeit.stations.register import StationRegister
from zielzeit.stations.table import packaged

log = logging.getLogger(__name__)

_TICK_SECONDS = 0.5


class Publisher(Protocol):
    """What takes the boards: ``zielzeit.kafka.producer.BoardProducer``."""

    def publish(self, record: BoardRecord) -> None: ...


class Poller:
    """Polls by the plan until it is stopped.

    One thread, the caller's, keeps the schedule and the statistics; the threads of a pool wait for the server and for
    Kafka. So a slow station delays no other, and while Kafka takes nothing the rounds that pass are skipped.
    """

    def __init__(
        self, plan: Plan, publisher: Publisher, *, clock: Clock = "server", stations: StationRegister | None = None
    ) -> None:
        self._stations = packaged() if stations is None else stations
        unknown = sum(not self._stations.resolve(station).known for station in plan.stations)
        self.statistics = PollStatistics(len(plan.stations), unknown)
        self._plan = plan
        self._publisher = publisher
        self._clock = clock
        self._client = BoardClient(timeout_seconds=plan.timeout_seconds, connections=plan.concurrency)
        self._asker = Asker(plan, self._client, clock, self._stations)
        self._unanswered = Unanswered(plan.stations)
        self._known: dict[str, frozenset[str]] = {}
        """Keys of the stations that codes may mean which the register lacks."""
        self._complained: set[str] = set()
        # A SimpleQueue, because its ``put`` may be called by a signal handler.
        self._events: SimpleQueue[Answer | BaseException | None] = SimpleQueue()

    def stop(self) -> None:
        """Make ``run`` return soon. Threads and signal handlers may call it."""
        self._events.put(None)

    def run(self, on_tick: Callable[[], object] = lambda: None) -> None:
        """Poll until ``stop`` is called; boards that have come by then are still published. To be called once.

        ``on_tick`` is called twice a second. Raises what publishing raises.
        """
        with ThreadPoolExecutor(self._plan.concurrency, thread_name_prefix="poll") as workers:
            try:
                self._poll(workers, on_tick)
            finally:
                self._client.close()
        while not self._events.empty():
            event = self._events.get()
            if isinstance(event, BaseException):
                raise event
            if event is not None:
                self._count(event)

    def _poll(self, workers: ThreadPoolExecutor, on_tick: Callable[[], object]) -> None:
        """Start requests when they are due and take in what became of them."""
        schedule, under_way = Schedule(self._plan, monotonic(), time()), 0
        tick_at = 0.0
        while True:
            now = monotonic()
            while under_way < self._plan.concurrency and (station := schedule.take(now)) is not None:
                workers.submit(self._request, station, self._known.get(station, frozenset()))
                under_way += 1
            if now >= tick_at:
                tick_at = now + _TICK_SECONDS
                self._client.cut_overdue()
                if self.statistics.pause_ends is not None and self.statistics.pause_ends <= datetime.now(UTC):
                    self.statistics.pause_ends = None
                on_tick()
            wait = schedule.wait_seconds(now) if under_way < self._plan.concurrency else inf
            try:
                event = self._events.get(timeout=max(0.0, min(wait, tick_at - now)))
            except Empty:
                continue
            if event is None:
                return
            if isinstance(event, BaseException):
                raise event
            under_way -= 1
            self._count(event)
            self._schedule_next(schedule, event)

    def _schedule_next(self, schedule: Schedule, finished: Answer) -> None:
        now, reply = monotonic(), finished.reply
        if not finished.pause and reply.retry and schedule.repeat(finished.station, now):
            self.statistics.retries += 1
        else:
            failed = RoundEnd.REFUSED if reply.kind.is_refusal else RoundEnd.FAILED
            schedule.done(finished.station, now, RoundEnd.GOOD if reply.kind is ReplyKind.OK else failed)
            self._unanswered.note(finished.station, reply)
            self.statistics.unanswered = self._unanswered.replies
            if (report := self._unanswered.report_once(self._stations)) is not None:
                log.warning("%s", report)
        if finished.pause:
            schedule.pause(now, finished.pause)
            self._note_pause(finished.pause)
        self.statistics.skipped = schedule.skipped

    def _note_pause(self, seconds: float) -> None:
        """Keep the end of the pause for the status line, and log the first one."""
        ends = datetime.now(UTC) + timedelta(seconds=seconds)
        if "pause" not in self._complained:
            self._complained.add("pause")
            log.warning(
                "the server asks for a pause of %.0f s (Retry-After): no station is asked before it ends; "
                "the status line tells further ones",
                seconds,
            )
        self.statistics.pause_ends = max(ends, self.statistics.pause_ends or ends)

    def _count(self, finished: Answer) -> None:
        self.statistics.replies[finished.reply.kind] += 1
        self._complain_once(finished.station, finished.reply)
        if finished.reply.kind is ReplyKind.OK and is_code(finished.station):
            known = self._known.get(finished.station, frozenset())
            self._known[finished.station] = learn(known, finished.reply.common)
        if finished.time is not None and finished.time.skewed:
            self._warn_of_skew(finished.time)

    def _request(self, station: str, known: frozenset[str]) -> None:
        """Ask for one board and publish it; runs in a thread of the pool.

        Only an error of publishing ends the poller. No reply does, however rotten.
        """
        try:
            finished, record = self._asker.ask(station, known)
        except ClientClosedError:
            return
        try:
            if record is not None:
                self._publisher.publish(record)
        except BaseException as error:  # noqa: BLE001 - ``run`` raises it
            self._events.put(error)
        else:
            self._events.put(finished)

    def _warn_of_skew(self, time: EventTime) -> None:
        if not self.statistics.skewed:
            skew = time.skew.total_seconds() if time.skew else 0.0
            used = "own" if self._clock == "local" or skew > 0 else "server's"
            log.warning(
                "the server's clock is %+.0f s off the own one; such boards get the %s clock's time (--clock)",
                skew,
                used,
            )
        self.statistics.skewed += 1

    def _complain_once(self, station: str, reply: DbfReply) -> None:
        """Log the first bad reply of each kind, and each station answered with another's board; the rest is counted.

        Stations that never answered with a board are told by the first round's report.
        """
        if reply.kind is ReplyKind.OK or not self._unanswered.has_answered(station):
            return
        about = f"{reply.kind} {station}" if reply.kind is ReplyKind.OTHER_STATION else reply.kind
        if about not in self._complained:
            self._complained.add(about)
            log.warning(
                "%s: %s%s (counted from now on)", station, reply.kind, f", {reply.detail}" if reply.detail else ""
            )
