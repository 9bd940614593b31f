"""The decision on a simulated day with every fault switched on, beside the simulator's truth log."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.simulated import decision_id
from tests.simulated import read_truth as read_log
from zielzeit import berlin_time
from zielzeit.decision.decider import Decider
from zielzeit.decision.offline import decide
from zielzeit.decision.rules import Rules
from zielzeit.errors import UserError
from zielzeit.evaluation.evaluate import evaluate
from zielzeit.evaluation.read_truth import read_truth
from zielzeit.events.structs import Decision
from zielzeit.recordings.read import find_boards, read_boards
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.recording import record
from zielzeit.simulator.timetable import build
from zielzeit.simulator.world import World


@pytest.mark.slow
@pytest.mark.parametrize("past", [True, False], ids=["with the past", "default boards"])
def test_nothing_decidable_is_missed_invented_or_doubled(tmp_path: Path, past: bool) -> None:
    boards, truth = tmp_path / "boards.jsonl", tmp_path / "truth.jsonl"
    record(
        World(build(8, seed=5)),
        boards,
        start=datetime(2026, 3, 10, 5, tzinfo=berlin_time.BERLIN),
        hours=12,
        past=past,
        faults=Faults.parse("all", 5),
        truth_file=truth,
    )
    counts = evaluate(find_boards([boards]), Decider(Rules(), 5), [truth]).counts
    assert counts["found"] > 300
    assert not {"missed", "invented", "doubled"} & counts.keys()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("evening", "past"),
    [("2026-10-24T22:30", True), ("2026-10-24T22:30", False), ("2026-03-28T22:30", True)],
    ids=["autumn, with the past", "autumn, default boards", "spring"],
)
def test_in_the_nights_of_the_clock_changes_no_train_departs_before_it_left_or_at_another_time(
    tmp_path: Path, evening: str, past: bool
) -> None:
    boards, truth_file = tmp_path / "boards.jsonl", tmp_path / "truth.jsonl"
    start = datetime.fromisoformat(evening).replace(tzinfo=berlin_time.BERLIN)
    world = World(build(16, seed=5))
    record(world, boards, start=start, hours=7, past=past, faults=Faults.parse("none", 5), truth_file=truth_file)
    counts = evaluate(find_boards([boards]), Decider(Rules(), 5), [truth_file]).counts
    assert counts["found"] > 150
    assert not {"missed", "invented", "doubled"} & counts.keys()

    truths = {decision_id(truth): truth for truth in read_log(truth_file) if truth.realtime}
    checked = 0
    for _, _, decision in decide(read_boards([boards]), Decider(Rules(), 5)):
        truth = truths.get(decision.id) if isinstance(decision, Decision) else None
        if truth is None or not isinstance(decision, Decision) or decision.kind not in ("departed", "terminated"):
            continue
        planned, left = truth.scheduled_departure, truth.actual_departure
        if decision.ends_here:
            planned, left = truth.scheduled_arrival, truth.actual_arrival
        assert planned is not None
        # As numbers: Python holds times of the repeated hour in two zones unequal, and compares in one zone the clocks.
        assert decision.scheduled.timestamp() == planned.timestamp(), decision
        if left is not None:  # the feed's late corrections mislead by minutes, another pass by an hour
            assert decision.decided_at.timestamp() >= left.timestamp() - 30 * 60, decision
            checked += 1
    assert checked > 150


def test_what_is_no_truth_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text('{"station": 1}\n')
    for path, said in (
        (tmp_path / "none", "does not exist"),
        (tmp_path, "not a recorded feed"),
        (tmp_path / "odd.jsonl", "line 1"),
    ):
        with pytest.raises(UserError, match=said):
            list(read_truth([path], "A"))
