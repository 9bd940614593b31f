"""Early records beside the truth and beside the decided predictions, on a simulated railway."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.decision.stream import Arrival, Stream
from zielzeit import berlin_time
from zielzeit.berlin_time import BERLIN
from zielzeit.boards.record import BoardRecord
from zielzeit.decision.decider import Decider
from zielzeit.decision.early import EarlyDeparture, EarlyDepartures
from zielzeit.decision.offline import decide
from zielzeit.decision.rules import Rules
from zielzeit.evaluation import truth_log
from zielzeit.evaluation.comparison import TrueStop
from zielzeit.evaluation.early_learning import held_out, learn
from zielzeit.evaluation.early_outcomes import compared, told_outcomes
from zielzeit.evaluation.early_quality import by_group
from zielzeit.evaluation.early_truth import compare_early, tell
from zielzeit.events.structs import Decision
from zielzeit.recordings.read import read_boards
from zielzeit.simulator import recording, timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.world import World
from zielzeit.stations.table import register
from zielzeit.train_classes import CLASSES, train_class

DECIDER = Decider(Rules(), 5)


@pytest.fixture(scope="module")
def railway(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[BoardRecord], list[TrueStop]]:
    """Four hours of eight stations, and what happened."""
    folder: Path = tmp_path_factory.mktemp("early")
    recording.record(
        World(timetable.build(8, seed=3)),
        folder / "boards.jsonl.zst",
        start=datetime(2026, 3, 10, 6, tzinfo=BERLIN),
        hours=4,
        faults=Faults.parse("none", seed=3),
        truth_file=folder / "truth.jsonl",
    )
    return list(read_boards([folder / "boards.jsonl.zst"])), list(truth_log.read(folder / "truth.jsonl"))


def test_every_decided_departure_was_told_minutes_after_it_left(
    railway: tuple[list[BoardRecord], list[TrueStop]],
) -> None:
    found = compare_early(*railway, DECIDER, 2)
    assert len(found.departures) > 50
    assert found.untold == 0
    early = np.quantile([one.early_wait for one in found.departures], (0.5, 0.9))
    decided = np.quantile([one.decided_wait for one in found.departures], (0.5, 0.9))
    assert list(early) < [6, 8]
    assert early[0] + 8 <= decided[0]


def test_what_boards_add_is_learnt_as_tenths_and_checked_on_other_periods(
    railway: tuple[list[BoardRecord], list[TrueStop]],
) -> None:
    found = compare_early(*railway, DECIDER, 2).departures
    learnt = learn(found)
    assert learnt
    for tenths in learnt.values():
        assert len(tenths) == 10
        assert list(tenths) == sorted(tenths)
        assert any(tenths), "what adds nothing is left out"
    nothing = held_out(found, [])
    assert nothing.used == nothing.shown
    assert sum(nothing.shown) < 0 <= sum(map(abs, nothing.decided))
    other = [msgspec.structs.replace(one, period=one.period + 1000) for one in found]
    off = held_out(found, other)
    assert off.shown == nothing.shown
    assert abs(sum(off.used)) < abs(sum(off.shown)), "the mean of what is added is learnt"
    assert held_out(found, [one for one in found if one.period == found[0].period]).used[0] == nothing.used[0]


def test_what_is_decided_beside_early_records_is_what_decide_decides(
    railway: tuple[list[BoardRecord], list[TrueStop]],
) -> None:
    boards, _ = railway
    beside = [one for _, one in tell(boards, DECIDER, 2) if isinstance(one, Decision)]
    alone = [one for _, _, one in decide(boards, DECIDER) if isinstance(one, Decision)]
    assert {msgspec.json.encode(one) for one in alone} <= {msgspec.json.encode(one) for one in beside}


def test_the_jobs_process_tells_the_same_however_often_it_is_restarted(
    railway: tuple[list[BoardRecord], list[TrueStop]],
) -> None:
    boards, _ = railway
    stream = Stream(DECIDER, early=EarlyDepartures(DECIDER, 2))
    for board in boards:
        at = berlin_time.milliseconds(board.polled_at)
        stream.arrive(Arrival(board.station, at, board.body))
        stream.pass_watermark(at)
    offline = [one for _, one in tell(boards, DECIDER, 2) if isinstance(one, EarlyDeparture)]
    restarted = [one for one in stream.early if isinstance(one, EarlyDeparture)]
    assert len(offline) > 50
    assert told(restarted) == told(offline)


def told(records: list[EarlyDeparture]) -> Counter[tuple[str, int, str, int | None]]:
    """How often each record is told; those that retract depend on what is decided after the last board."""
    said = ((one.shown.id, one.revision, one.stage, one.shown.delay) for one in records if one.stage != "retracted")
    return Counter(said)


def test_early_and_decided_predictions_stand_side_by_side(railway: tuple[list[BoardRecord], list[TrueStop]]) -> None:
    boards, _ = railway
    found = told_outcomes(tell(boards, DECIDER, 2), register(""))
    arrived = [one for one in found.decided if one.observed_delay is not None]
    by_id = {one.prediction.id: one for one in arrived}
    first = {one.early.id: one.early for one in found.early if one.early.revision == 0}
    assert len(arrived) > 20
    assert by_id.keys() <= first.keys()
    groups = by_group(compared(found))
    assert sum(pair.decided.count for name, pair in groups.items() if " " not in name) == len(arrived)
    for name, pair in groups.items():
        assert pair.early is not None
        assert pair.early.count == pair.decided.count
        assert pair.decided.skill == 0.0, "persistence predicts"
        assert pair.early.wait + 8 <= pair.decided.wait
        assert pair.early.before_arrival is not None
        assert pair.decided.before_arrival is not None
        assert pair.early.before_arrival >= pair.decided.before_arrival
        of_class = [one for one in arrived if CLASSES[train_class(one.prediction.category)] == name]
        if of_class:
            off = [abs(first[one.prediction.id].shown_delay - (one.observed_delay or 0)) for one in of_class]
            assert pair.early.persistence == pytest.approx(np.mean(off))
            left = [(one, first[one.prediction.id].told_at - one.prediction.departed_at) for one in of_class]
            assert pair.early.wait == pytest.approx(np.median([after.total_seconds() / 60 for _, after in left]))
