"""The truth log says what the boards last said, and what can be decided can be read from the boards."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime

import msgspec
import pytest

from zielzeit.recordings.read import read_boards
from zielzeit.recordings.write import writing
from zielzeit.simulator import clock
from zielzeit.simulator.displayed_board import board
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.movement import move
from zielzeit.simulator.recording import record
from zielzeit.simulator.timetable import build
from zielzeit.simulator.truth import Truth, TruthLog, known_from
from zielzeit.simulator.truth import truth as record_of
from zielzeit.simulator.world import World

DAY = date(2026, 3, 10)
WORLD = World(build(8, seed=6))
NONE = Faults(1, {})


def of_day(*, past: bool = True) -> Iterator[Truth]:
    """Records of all runs that start on the day, by line, where all boards are good."""
    for line in WORLD.network.lines:
        for forecast in WORLD.line_day(line.index, DAY):
            for stop in range(len(forecast.beliefs)):
                yield record_of(WORLD, forecast, stop, lambda _, begin, end: int(end - begin) // 60, past=past)


def planned(truth: Truth) -> datetime:
    return truth.scheduled_departure or truth.scheduled_arrival


def delay(truth: Truth) -> int:
    return truth.delay_departure if truth.scheduled_departure else truth.delay_arrival


def test_the_truth_is_the_last_value_that_boards_show():
    checked = 0
    for truth in list(of_day())[::7]:
        at = int(truth.known_at.timestamp())
        rows = {
            (row.train_number, row.scheduled_arrival, row.scheduled_departure): row
            for row in board(WORLD, WORLD.by_name[truth.station], at, past=True).departures
        }
        hhmm = [None if t is None else f"{t:%H:%M}" for t in (truth.scheduled_arrival, truth.scheduled_departure)]
        row = rows.get((truth.number, *hhmm))
        if row is None:
            assert truth.undecidable or truth.departure_cancelled or truth.arrival_cancelled
            continue
        checked += 1
        assert (row.delay_arrival, row.delay_departure) == (truth.delay_arrival, truth.delay_departure)
        # A run may yet be cut short after this stop: the board then still names a destination further on.
        assert truth.destination in bytes(row.route).decode()
    assert checked > 100


def test_what_ran_is_posted_as_it_was():
    for truth in of_day():
        if not truth.realtime:
            continue
        if truth.actual_departure is not None:
            assert (truth.actual_departure - truth.scheduled_departure).total_seconds() == 60 * truth.delay_departure
            assert truth.known_at >= truth.actual_departure
        if truth.actual_arrival is not None:
            assert (truth.actual_arrival - truth.scheduled_arrival).total_seconds() == 60 * truth.delay_arrival


def test_a_live_log_hands_out_a_day_once_and_in_order():
    start = clock.epoch(DAY, 6 * 60)
    log = TruthLog(WORLD, NONE, start)
    handed: list[Truth] = []
    for at in range(start, start + 4 * 3600, 600):
        for _ in log.load(at):
            pass
        handed += log.until(at)
        assert all(truth.known_at.timestamp() <= at for truth in handed)
    keys = [(truth.run, truth.stop_index) for truth in handed]
    assert len(set(keys)) == len(keys)
    expected = {
        (f.run.id, stop)
        for line in WORLD.network.lines
        for f in WORLD.line_day(line.index, DAY)
        for stop in range(len(f.beliefs))
        if start < known_from(f, stop) <= start + 4 * 3600 - 600
    }
    assert expected <= set(keys)


@pytest.mark.slow
@pytest.mark.parametrize("faults", ["none", "all"])
def test_every_decidable_delay_settles_on_a_recorded_board(tmp_path, faults):
    boards, truth_file = tmp_path / "boards.jsonl.zst", tmp_path / "truth.jsonl"
    start = datetime(2026, 3, 10, 14, tzinfo=clock.BERLIN)
    summary = record(WORLD, boards, start=start, hours=6, faults=Faults.parse(faults, 3), truth_file=truth_file)
    seen = defaultdict(list)
    for recorded in read_boards([boards]):
        try:
            rows = json.loads(recorded.body)["departures"]
        except ValueError:
            continue
        for row in rows:
            key = (recorded.station, row["trainNumber"], row["scheduledDeparture"] or row["scheduledArrival"])
            value = row["delayArrival"] if row["delayDeparture"] is None else row["delayDeparture"]
            seen[key].append((recorded.polled_at, value))
    truths = [msgspec.json.decode(line, type=Truth) for line in truth_file.read_bytes().splitlines()]
    assert len(truths) == summary.truths
    decidable = [truth for truth in truths if truth.undecidable is None]
    well_inside = [truth for truth in truths if 0 < (truth.known_at - start).total_seconds() < 4.5 * 3600]
    assert len([truth for truth in well_inside if truth.undecidable is None]) > 0.9 * len(well_inside)
    for truth in decidable:
        reports = seen[truth.station, truth.number, f"{planned(truth):%H:%M}"]
        believed_behind = [
            value
            for at, value in reports
            if (at - planned(truth)).total_seconds() - 60 * value >= 7 * 60 and at >= truth.known_at
        ]
        assert delay(truth) in believed_behind or (at_end := reports[-1][1]) == delay(truth), (truth, at_end)
    if faults == "all":
        assert summary.faulty > 0


def test_without_past_a_decidable_row_is_seen_before_and_missing_after():
    reasons = {truth.undecidable for truth in of_day(past=False) if truth.undecidable}
    assert reasons <= {"no good board between the cancellation's end and the departure"}


def test_delays_persist_from_day_to_day_and_are_knocked_on():
    line = next(line for line in build(200, seed=1).lines if line.category == "RB")
    network = build(200, seed=1)
    assert move(network, line, DAY) == move(network, line, DAY)
    means = []
    for ordinal in range(DAY.toordinal(), DAY.toordinal() + 30):
        runs = move(network, line, date.fromordinal(ordinal))
        means.append(sum(run.arrivals[-1] for run in runs) / len(runs))
    assert max(means) > 1.5 * min(means)


def test_a_file_is_compressed_by_its_name(tmp_path):
    with writing(tmp_path / "deep" / "a.jsonl.zst") as out:
        out.write(b"{}")
    assert (tmp_path / "deep" / "a.jsonl.zst").read_bytes()[:4] == b"\x28\xb5\x2f\xfd"
