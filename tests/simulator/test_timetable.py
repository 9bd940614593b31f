"""Networks of every size are complete, named without doubles, and quickly made."""

from __future__ import annotations

import time

import pytest

from zielzeit.errors import UserError
from zielzeit.simulator.timetable import build


@pytest.mark.parametrize("count", [*range(5, 16), 30, 100, 500])
def test_every_station_has_trains_of_every_size_of_network(count):
    network = build(count, seed=count)
    assert len({s.name for s in network.stations}) == len({s.eva for s in network.stations}) == count
    assert len({s.ds100 for s in network.stations}) == count
    assert all(network.lines_at)
    assert {"ICE", "IC", "RE", "RB", "S"} <= {line.category for line in network.lines}
    ring = [p for line in network.lines for p in line.patterns if p.stops[0] == p.stops[-1]]
    assert ring


def test_all_of_germany_is_built_in_seconds():
    began = time.perf_counter()
    network = build(5400)
    assert time.perf_counter() - began < 20
    numbers = [(line.category, trip.number) for line in network.lines for trip in line.trips]
    assert len(set(numbers)) == len(numbers) > 30_000
    assert all(pattern.arrivals[-1] < 20 * 60 for line in network.lines for pattern in line.patterns)


@pytest.mark.parametrize("count", [0, 4, 5401])
def test_an_impossible_size_is_refused_with_a_sentence(count):
    with pytest.raises(UserError, match="5 to 5400"):
        build(count)


def test_timetables_run_forward_and_vehicles_turn_round_in_time():
    for line in build(40, seed=2).lines:
        for pattern in line.patterns:
            for before, after in zip(pattern.departures, pattern.arrivals[1:], strict=False):
                assert after > before
        for trip in line.trips:
            if trip.previous is not None:
                earlier = line.trips[trip.previous]
                assert earlier.start + line.patterns[earlier.pattern].arrivals[-1] < trip.start
                assert line.patterns[earlier.pattern].stops[-1] == line.patterns[trip.pattern].stops[0]
