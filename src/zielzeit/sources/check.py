"""``poll --check``: every station is asked once, within the plan's rate."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import monotonic

import msgspec

from zielzeit.progress import SILENT, Progress
from zielzeit.sources.asker import Answer, Asker
from zielzeit.sources.board_client import BoardClient
from zielzeit.sources.plan import Plan
from zielzeit.sources.reply_kind import ReplyKind
from zielzeit.sources.unanswered import reason
from zielzeit.stations.register import StationRegister

_TICK_SECONDS = 0.2


class Checked(msgspec.Struct, frozen=True):
    """What came of a station's request."""

    station: str
    good: bool
    """Whether the station is found: it has a board, or an empty one."""
    result: str
    """For a person: the station's name on its board, or the reason and the names that may be meant."""


def check_stations(plan: Plan, register: StationRegister, progress: Progress = SILENT) -> list[Checked]:
    """Ask each station of the plan once, in its order; none after a reply that asks for a pause."""
    waiting, results = deque(plan.stations), dict[str, Checked]()
    gap = 60 / plan.per_minute if plan.per_minute else 0.0
    client = BoardClient(timeout_seconds=plan.timeout_seconds, connections=plan.concurrency)
    asker = Asker(plan, client, "local", register)
    under_way: set[Future[Answer]] = set()
    with ThreadPoolExecutor(plan.concurrency) as workers, progress.step("asking", len(waiting)) as step:
        try:
            due = monotonic()
            while waiting or under_way:
                while waiting and monotonic() >= due and len(under_way) < plan.concurrency:
                    due = max(due, monotonic()) + gap
                    under_way.add(workers.submit(lambda station: asker.ask(station)[0], waiting.popleft()))
                if not under_way:
                    time.sleep(max(0.0, min(_TICK_SECONDS, due - monotonic())))
                    continue
                done, under_way = wait(under_way, _TICK_SECONDS, return_when="FIRST_COMPLETED")
                client.cut_overdue()
                for answer in (future.result() for future in done):
                    results[answer.station] = _checked(answer, register)
                    step.advance()
                    if answer.pause:
                        pause = f"not asked: the server wants a pause of {answer.pause:.0f} s"
                        results |= {station: Checked(station, False, pause) for station in waiting}
                        waiting.clear()
        finally:
            client.close()
    return [results[station] for station in plan.stations]


def _checked(answer: Answer, register: StationRegister) -> Checked:
    station, reply = answer.station, answer.reply
    if reply.kind is not ReplyKind.OK:
        return Checked(station, reply.kind is ReplyKind.EMPTY_BOARD, reason(station, reply, register))
    return Checked(station, True, f"ok, {reply.detail}" if reply.detail else "ok")
