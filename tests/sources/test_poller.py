"""The poller against a real HTTP server that errs in every way."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.sources.odd_dbf import BOARD, OddDbf, serving
from zielzeit.boards.record import BoardRecord
from zielzeit.sources.dbf_reply import Verdict
from zielzeit.sources.poll_statistics import Tally
from zielzeit.sources.poller import Poller
from zielzeit.sources.reply_times import Clock
from zielzeit.sources.schedule import make_plan


class Collected:
    """Takes the boards instead of Kafka; may be slow, as Kafka's full queue is."""

    def __init__(self, seconds_a_board: float = 0.0) -> None:
        self.boards: list[BoardRecord] = []
        self._seconds = seconds_a_board

    def publish(self, record: BoardRecord) -> None:
        time.sleep(self._seconds)
        self.boards.append(record)

    def serve(self) -> None: ...


@pytest.fixture
def odd() -> OddDbf:
    return OddDbf()


@pytest.fixture
def base_url(odd: OddDbf) -> Iterator[str]:
    with serving(odd) as url:
        yield url


def poll(
    base_url: str, stations: list[str], seconds: float, publisher: Collected, clock: Clock = "server", **options: float
) -> Tally:
    """Poll for so many seconds of wall time."""

    async def run() -> Tally:
        poller = Poller(make_plan(base_url, stations, **options), publisher, clock=clock)  # type: ignore[arg-type]
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, stop.set)
        await poller.run(stop, lambda: None)
        return poller.tally

    return asyncio.run(run())


def test_failing_stations_are_counted_apart_and_never_delay_the_others(odd: OddDbf, base_url: str) -> None:
    failing = ["slow", "html", "empty", "ambiguous", "broken", "Nowhere"]
    kafka = Collected()
    tally = poll(base_url, ["Hanau Hbf", *failing], 2.2, kafka, interval_seconds=0.5, timeout_seconds=0.4)

    assert {verdict for verdict, count in tally.verdicts.items() if count} == {
        Verdict.OK, Verdict.TIMEOUT, Verdict.NOT_JSON, Verdict.EMPTY_BODY, Verdict.AMBIGUOUS, Verdict.SERVER_ERROR,
        Verdict.OTHER_STATION,
    }  # fmt: skip
    assert 4 <= len(odd.asked["Hanau Hbf"]) <= 5
    assert {board.station for board in kafka.boards} == {"Hanau Hbf", "html"}
    assert {board.body for board in kafka.boards if board.station == "Hanau Hbf"} == {BOARD}
    assert tally.retries > 0
    assert odd.queries == {"version=3&past=1"}


def test_a_server_that_is_not_there_is_a_connection_error() -> None:
    tally = poll("http://127.0.0.1:1", ["Hanau Hbf"], 0.5, Collected(), interval_seconds=0.2)
    assert set(tally.verdicts) == {Verdict.CONNECTION}


def test_retry_after_is_honoured(odd: OddDbf, base_url: str) -> None:
    poll(base_url, ["throttled"], 3.0, Collected(), interval_seconds=0.5)
    assert len(odd.asked["throttled"]) == 2
    assert all(later - earlier >= 1.95 for earlier, later in pairwise(odd.asked["throttled"]))


def test_the_token_bucket_holds_for_retries_too(odd: OddDbf, base_url: str) -> None:
    poll(base_url, ["broken", "empty"], 2.0, Collected(), interval_seconds=1, per_minute=120)
    asked = sorted(odd.asked["broken"] + odd.asked["empty"])
    assert len(asked) >= 3
    assert all(later - earlier >= 0.45 for earlier, later in pairwise(asked))


def test_stations_are_spread_over_the_interval(odd: OddDbf, base_url: str) -> None:
    poll(base_url, [f"S{number}" for number in range(4)], 0.95, Collected(), interval_seconds=1)
    first = [odd.asked[f"S{number}"][0] for number in range(4)]
    assert all(0.15 <= later - earlier <= 0.45 for earlier, later in pairwise(first))


@pytest.mark.parametrize("clock", ["server", "local"])
def test_a_skewed_clock_is_warned_of_once_and_counted(
    base_url: str, caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    kafka = Collected()
    with caplog.at_level(logging.WARNING, "zielzeit.sources.poller"):
        tally = poll(base_url, ["ahead"], 0.7, kafka, clock, interval_seconds=0.2)
    assert tally.skewed == len(kafka.boards) > 1
    assert all((board.polled_at.year == 2036) is (clock == "server") for board in kafka.boards)
    assert len([record for record in caplog.records if "clock" in record.message]) == 1


def test_a_board_that_came_is_written_although_the_poller_stops_while_kafka_is_slow(base_url: str) -> None:
    kafka = Collected(seconds_a_board=0.7)
    tally = poll(base_url, ["8000150", "8000151", "8000152"], 1.3, kafka, interval_seconds=1.4)
    assert len(kafka.boards) == tally.verdicts[Verdict.OK] >= 2
