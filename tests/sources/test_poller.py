"""The poller against a real HTTP server that errs in every way."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from tests.sources.odd_dbf import BOARD, OddDbf, dripping
from zielzeit.boards.record import BoardRecord
from zielzeit.errors import UserError
from zielzeit.sources.plan import make_plan
from zielzeit.sources.poll_statistics import PollStatistics
from zielzeit.sources.poller import Poller
from zielzeit.sources.reply_kind import ReplyKind
from zielzeit.sources.reply_times import Clock


class Collected:
    """Takes the boards instead of Kafka; may be slow, as Kafka's full buffer is."""

    def __init__(self, seconds_a_board: float = 0.0) -> None:
        self.boards: list[BoardRecord] = []
        self._seconds = seconds_a_board

    def publish(self, record: BoardRecord) -> None:
        time.sleep(self._seconds)
        self.boards.append(record)


def poll(
    base_url: str, stations: list[str], seconds: float, publisher: Collected, clock: Clock = "server", **options: float
) -> PollStatistics:
    """Poll for so many seconds of wall time."""
    poller = Poller(make_plan(base_url, stations, **options), publisher, clock=clock)  # type: ignore[arg-type]
    stop = threading.Timer(seconds, poller.stop)
    stop.start()
    try:
        poller.run()
    finally:
        stop.cancel()
    return poller.statistics


@pytest.mark.slow
def test_failing_stations_are_counted_apart_and_never_delay_the_others(odd: OddDbf, base_url: str) -> None:
    failing = ["slow", "html", "empty", "ambiguous", "broken", "moved", "Nowhere"]
    kafka = Collected()
    statistics = poll(base_url, ["Hanau Hbf", *failing], 2.2, kafka, interval_seconds=0.5, timeout_seconds=0.4)

    assert {kind for kind, count in statistics.replies.items() if count} == {
        ReplyKind.OK, ReplyKind.TIMEOUT, ReplyKind.NOT_JSON, ReplyKind.EMPTY_BODY, ReplyKind.AMBIGUOUS,
        ReplyKind.SERVER_ERROR, ReplyKind.OTHER_STATUS, ReplyKind.OTHER_STATION,
    }  # fmt: skip
    assert 3 <= odd.asked["Hanau Hbf"] <= 5
    assert "elsewhere" not in odd.asked
    assert {board.station for board in kafka.boards} == {"Hanau Hbf", "html"}
    assert {board.body for board in kafka.boards if board.station == "Hanau Hbf"} == {BOARD}
    assert statistics.retries > 0
    assert odd.queries == {"version=3&past=1"}
    assert odd.user_agents == {"zielzeit"}


@pytest.mark.parametrize("asked", ["Hanau Hbf", "hanau hauptbahnhof", "8000150", "FH"])
def test_a_board_has_the_stations_key_and_is_asked_for_as_the_user_says(odd: OddDbf, base_url: str, asked: str) -> None:
    kafka = Collected()
    poll(base_url, [asked], 0.5, kafka, interval_seconds=0.2)
    assert {board.station for board in kafka.boards} == {"Hanau Hbf"}
    assert set(odd.asked) == {asked}
    assert quote(asked) in kafka.boards[0].url


def test_stations_that_the_register_lacks_are_counted_in_the_status_line(base_url: str) -> None:
    statistics = poll(base_url, ["Hanau Hbf", "Nirgendwo", "8000150"], 0.1, Collected(), interval_seconds=0.2)
    assert statistics.unknown == 1
    assert " of 3 stations (1 not in the station register)" in statistics.line(delivered=0, pending=0)


def test_a_server_that_is_not_there_is_a_connection_error(caplog: pytest.LogCaptureFixture) -> None:
    statistics = poll("http://127.0.0.1:1", ["Hanau Hbf", "Kiel Hbf"], 0.7, Collected(), interval_seconds=0.2)
    assert set(statistics.replies) == {ReplyKind.CONNECTION}
    (record,) = caplog.records
    assert record.getMessage().splitlines()[1:] == ["  Hanau Hbf, Kiel Hbf: connection error, Connection refused"]


def test_connections_are_used_again(odd: OddDbf, base_url: str) -> None:
    poll(base_url, [f"800010{number}" for number in range(5)], 1.0, Collected(), interval_seconds=0.5)
    assert odd.asked.total() >= 8
    assert len(odd.connections) <= 5


@pytest.mark.slow
@pytest.mark.parametrize("part", ["headers", "body", "endless"])
def test_a_server_that_drips_is_cut_off(part: str) -> None:
    kafka = Collected()
    with dripping(part) as url:
        began = time.monotonic()
        statistics = poll(url, ["8000105"], 1.8, kafka, interval_seconds=10, timeout_seconds=0.5)
    assert time.monotonic() - began < 2.5
    assert statistics.replies[ReplyKind.TIMEOUT] >= 1
    assert not kafka.boards


def test_a_body_that_is_far_too_large_is_not_read_to_its_end(
    odd: OddDbf, base_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zielzeit.sources.board_client.LARGEST_BODY_BYTES", 1_000_000)
    kafka = Collected()
    statistics = poll(base_url, ["huge", "bomb"], 1.0, kafka, interval_seconds=0.4)
    assert set(statistics.replies) == {ReplyKind.TOO_LARGE}
    assert set(odd.asked) == {"huge", "bomb"}
    assert not kafka.boards


def test_a_pause_holds_for_all_stations_and_is_told(
    odd: OddDbf, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    stations = ["throttled", "8000150", "8000151"]
    statistics = poll(base_url, stations, 1.2, Collected(), interval_seconds=0.9)
    # The others may have had their turn before.
    assert odd.asked["throttled"] == 1
    assert max(odd.asked.values()) == 1
    assert "the server asks for a pause until " in statistics.line(delivered=0, pending=0)
    assert len([record for record in caplog.records if "asks for a pause of 60 s" in record.message]) == 1


def test_too_many_requests_and_unknown_stations_are_not_asked_again_in_the_round(odd: OddDbf, base_url: str) -> None:
    statistics = poll(base_url, ["busy", "unknown"], 1.3, Collected(), interval_seconds=1)
    assert max(odd.asked.values()) <= 2
    assert set(statistics.replies) == {ReplyKind.THROTTLED, ReplyKind.UNKNOWN_STATION}
    assert not statistics.retries


def test_the_rate_holds_for_retries_too(odd: OddDbf, base_url: str) -> None:
    poll(base_url, ["broken", "empty"], 1.0, Collected(), interval_seconds=1, per_minute=120)
    assert 1 <= odd.asked["broken"] + odd.asked["empty"] <= 3


@pytest.mark.parametrize("clock", ["server", "local"])
def test_a_skewed_clock_is_warned_of_once_and_counted(
    base_url: str, caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    kafka = Collected()
    with caplog.at_level(logging.WARNING, "zielzeit.sources.poller"):
        statistics = poll(base_url, ["ahead"], 0.7, kafka, clock, interval_seconds=0.2)
    assert statistics.skewed == len(kafka.boards) > 1
    assert all(abs(datetime.now(UTC) - board.polled_at) < timedelta(seconds=5) for board in kafka.boards)
    assert len([record for record in caplog.records if "clock" in record.message]) == 1


def test_the_event_time_is_when_a_cache_got_the_content_and_old_content_is_dropped(base_url: str) -> None:
    kafka = Collected()
    statistics = poll(base_url, ["aged", "old"], 0.7, kafka, interval_seconds=1)
    assert set(statistics.replies) == {ReplyKind.OK, ReplyKind.OLD}
    assert {board.station for board in kafka.boards} == {"aged"}
    age = datetime.now(UTC) - kafka.boards[0].polled_at
    assert timedelta(seconds=599) < age < timedelta(seconds=605)


def test_no_rotten_reply_ends_the_poller_for_the_other_stations(
    base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    kafka = Collected()
    rotten = ["nested", "end of time", "steering"]
    statistics = poll(base_url, [*rotten, "Hanau Hbf"], 1.2, kafka, interval_seconds=0.4)
    assert {ReplyKind.OK, ReplyKind.NOT_JSON, ReplyKind.CLIENT_ERROR} == set(statistics.replies)
    assert len([board for board in kafka.boards if board.station == "Hanau Hbf"]) >= 2
    assert len([board for board in kafka.boards if board.station == "end of time"]) >= 2
    shown = "".join(record.getMessage().replace("\n", "") for record in caplog.records)
    assert "gone" in shown
    assert not [sign for sign in shown if not sign.isprintable()]


def test_every_station_without_a_board_is_named_once_with_its_reason(
    base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    stations = ["Hanau Hbf", "ambiguous", "Kiel Hpf", "empty", "broken", "html"]
    statistics = poll(base_url, stations, 2.0, Collected(), interval_seconds=0.5)
    (report,) = [record.getMessage() for record in caplog.records if "first round" in record.getMessage()]
    assert len(caplog.records) == 1
    assert report.startswith("no board in the first round of 5 of 6 stations:\n")
    assert "  ambiguous: ambiguous, Ambiguous station name" in report
    assert "  Kiel Hpf: other station, the board of: Fulda, Hanau Hbf; did you mean Kiel Hbf" in report
    for station in stations[1:]:
        assert f"{station}: " in report
    assert "; no board yet: " in statistics.line(delivered=0, pending=0)
    assert statistics.line(delivered=0, pending=0).endswith(" and 2 more")


def test_what_nobody_foresaw_in_a_reply_is_counted_and_told_once(
    base_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise OverflowError("so large")

    monkeypatch.setattr("zielzeit.sources.asker.event_time", fails)
    statistics = poll(base_url, ["Hanau Hbf"], 0.7, Collected(), interval_seconds=0.2)
    assert statistics.replies[ReplyKind.UNREADABLE] >= 2
    assert [record.getMessage() for record in caplog.records] == [
        "no board in the first round of 1 of 1 stations:\n  Hanau Hbf: unreadable, OverflowError: so large"
    ]


def test_a_board_that_came_is_written_although_the_poller_stops_while_kafka_is_slow(base_url: str) -> None:
    kafka = Collected(seconds_a_board=0.7)
    statistics = poll(base_url, ["Hanau Hbf", "hanau hbf", "HANAU-HBF"], 1.3, kafka, interval_seconds=1.4)
    assert len(kafka.boards) == statistics.replies[ReplyKind.OK] >= 2


def test_requests_under_way_do_not_delay_the_end(base_url: str) -> None:
    began = time.monotonic()
    poll(base_url, ["slow"], 0.5, Collected(), interval_seconds=60, timeout_seconds=30)
    assert time.monotonic() - began < 2


def test_what_publishing_raises_ends_the_poller(base_url: str) -> None:
    class Refusing(Collected):
        def publish(self, record: BoardRecord) -> None:
            raise UserError(f"no room for {record.station}")

    with pytest.raises(UserError, match="no room for Hanau Hbf"):
        poll(base_url, ["Hanau Hbf", "slow"], 5, Refusing(), interval_seconds=2)
