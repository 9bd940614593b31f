"""The decision on a simulated day with every fault switched on, beside the simulator's truth log."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from zielzeit import berlin_time
from zielzeit.decision.decider import Decider
from zielzeit.decision.rules import Rules
from zielzeit.errors import UserError
from zielzeit.evaluation.evaluate import evaluate
from zielzeit.evaluation.read_truth import read_truth
from zielzeit.recordings.read import find_boards
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.recording import record
from zielzeit.simulator.timetable import build
from zielzeit.simulator.world import World


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


def test_what_is_no_truth_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text('{"station": 1}\n')
    for path, said in (
        (tmp_path / "none", "does not exist"),
        (tmp_path, "not a recorded feed"),
        (tmp_path / "odd.jsonl", "line 1"),
    ):
        with pytest.raises(UserError, match=said):
            list(read_truth([path], "A"))
