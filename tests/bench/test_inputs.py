"""Boards to measure with, and the decisions that the other engines drive."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bench.inputs import EVERY, Boards, busy_station, railway
from bench.peers.naive import Naive
from bench.peers.task import Pure
from zielzeit import berlin_time
from zielzeit.boards.record import compress
from zielzeit.decision.decider import Decider
from zielzeit.decision.offline import decide
from zielzeit.events import topic_record
from zielzeit.events.structs import Decision
from zielzeit.progress import SILENT
from zielzeit.settings import load


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Boards:
    """Half an hour of a busy station, under three names."""
    return Boards(busy_station(tmp_path_factory.mktemp("inputs"), 6, 10, SILENT), 3)


def decided(boards: Boards) -> list[Decision]:
    """What the library decides."""
    outputs = (output for _, _, output in decide(boards, Decider.of(load())))
    return [one for one in outputs if isinstance(one, Decision)]


def test_every_copy_is_a_railway_with_stations_and_trains_of_its_own(boards: Boards) -> None:
    found = decided(boards)
    assert found
    counts_of = Counter(one.station for one in found)
    counts = counts_of.values()
    assert len(counts) == 3
    assert max(counts) - min(counts) < 5  # a copy's boards are a minute later, and show the same
    assert all({one.number[-3:] for one in found if one.station == name} == {name[-1:].zfill(3)} for name in counts_of)
    assert all(one.route_ahead and one.route_ahead[-1] == one.destination for one in found if one.kind == "departed")
    assert {one.destination.rpartition(" Kopie ")[2] for one in found} == {"0", "1", "2"}
    assert boards.stations == 3
    assert boards.count == len(list(boards)) == 30


def test_copies_are_in_order_of_time_and_spread_between_two_boards(boards: Boards) -> None:
    times = [one.polled_at for one in boards]
    assert times == sorted(set(times))
    assert times[3] - times[0] == EVERY


def test_boards_are_made_once(tmp_path: Path) -> None:
    first = railway(tmp_path, 5, 2, SILENT)
    (file,) = tmp_path.iterdir()
    made = file.stat().st_mtime_ns
    assert railway(tmp_path, 5, 2, SILENT) == first
    assert file.stat().st_mtime_ns == made
    assert len(first) == 10


def test_the_other_engines_decide_what_the_library_decides(boards: Boards) -> None:
    peer = Pure()
    taken = [
        record
        for one in boards
        for record in peer.take(one.station.encode(), berlin_time.milliseconds(one.polled_at), compress(one.body))
    ]
    end = berlin_time.milliseconds(boards.newest)
    expected = Counter(record for record in map(topic_record.of_decision, decided(boards)) if record.at < end)
    assert expected
    assert Counter(record for record in taken if record.at < end) == expected


def test_the_naive_decision_tells_each_train_once(boards: Boards) -> None:
    naive = Naive()
    taken = [
        (one.station, record.key)
        for one in boards
        for record in naive.take(one.station.encode(), berlin_time.milliseconds(one.polled_at), one.body)
    ]
    assert len(taken) > 30
    assert set(Counter(taken).values()) == {1}
