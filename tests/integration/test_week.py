"""Simulated days through the main job and the storage job: the lake against the simulator's truth.

The default is a quarter of a day; ``pytest tests/integration/test_week.py --days 7 --stations 12`` is the week whose
figures stand in docs/data.md.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.integration import week
from tests.integration.conftest import Predicted
from tests.integration.week import Expected
from tests.simulated import decision_id, read_truth, seen_whole, told
from training import examples
from zielzeit import topics
from zielzeit.features.definition import FEATURES
from zielzeit.lake.listing import summary
from zielzeit.lake.reading import Lake

pytestmark = [pytest.mark.integration, pytest.mark.timeout(7200)]


def test_every_prediction_has_exactly_one_outcome_and_it_is_the_truths(lake: Lake, predicted: Predicted) -> None:
    predictions = Counter(row["id"] for row in _rows(lake, topics.PREDICTIONS))
    outcomes = _rows(lake, topics.OUTCOMES)
    assert predictions == Counter(outcome["id"] for outcome in outcomes)
    assert set(predictions.values()) == {1}
    truths = week.expectations(read_truth(predicted.truth))
    told, same = Counter[tuple[str, str | None]](), 0
    for outcome in outcomes:
        known = truths[outcome["station"], outcome["category"], outcome["number"], outcome["scheduled"]]
        # Where the run did not really end, nobody arrives.
        expected = known.get(outcome["destination"], Expected("cancelled", None, None))
        told[outcome["status"], expected.reason] += 1
        same += outcome["observed_delay"] == expected.delay
        # What two boards were wanted for, one may have told.
        seen_once = expected.status == "unlabelled" and outcome["observed_delay"] == expected.delay
        assert outcome["status"] == expected.status or seen_once, outcome
    decidable = sum(count for (_, reason), count in told.items() if reason is None)
    labelled = sum(count for (status, _), count in told.items() if status != "unlabelled")
    print(dict(told), f"decidable {decidable}, labelled {labelled}, of those with the true delay {same}")
    assert summary(lake, topics.OUTCOMES).label_rate == pytest.approx(labelled / len(outcomes))
    assert decidable <= labelled
    # The feed may post the true minute more than half an hour late, when the label is taken.
    assert same >= 0.98 * labelled


def test_stored_examples_are_what_the_importer_makes_of_the_same_truth(
    lake: Lake, predicted: Predicted, tmp_path: Path
) -> None:
    stored = pl.DataFrame(pl.from_arrow(lake.dataset(topics.EXAMPLES).to_table()))
    both = week.compared(stored, read_truth(predicted.truth), tmp_path / "all")
    assert len(both) == len(stored) == len(_rows(lake, topics.OUTCOMES))
    shares = {name: week.agreement(both, name) for name in (*week.LABELS, *FEATURES)}
    print(
        {
            name: (round(share, 3), round(week.likeness(both, name), 3))
            for name, share in shares.items()
            if name in FEATURES
        }
    )
    print({name: round(shares[name], 4) for name in week.LABELS})
    assert shares["service_day"] == 1.0
    assert min(shares[name] for name in (*week.LABELS, *week.OWN)) > 0.9, shares
    # Timetable alone, but learnt from what was seen: the first trains do not know yet.
    assert shares["ahead_fastest"] > 0.7


def test_what_boards_told_of_a_run_is_the_same_in_the_stored_examples_and_the_importers(
    lake: Lake, predicted: Predicted, tmp_path: Path
) -> None:
    # What the network knows of finished days and other trains: tests/training/test_same_truth.py.
    stored = pl.DataFrame(pl.from_arrow(lake.dataset(topics.EXAMPLES).to_table()))
    corrected = {row["id"] for row in _rows(lake, topics.DEPARTURES) if row["kind"] == "corrected"}
    truths = read_truth(predicted.truth)
    known = told(stored.rows(named=True), truths)
    whole = seen_whole(truths, known)
    moved = {truth.run for truth in whole if decision_id(truth) in corrected}
    both = week.compared(stored, [truth for truth in whole if truth.run not in moved], tmp_path / "told", known)
    both = both.filter(pl.col("line_history").is_not_null())
    print(f"{len(both)} of {len(stored)} examples are of runs that boards told whole, without a correction")
    assert len(both) > len(stored) / 2
    assert {name: week.agreement(both, name) for name in (*week.LABELS, *week.OWN, "horizon")} == dict.fromkeys(
        (*week.LABELS, *week.OWN, "horizon"), 1.0
    )


def test_training_reads_the_lakes_examples(lake: Lake) -> None:
    frame = examples.read(Path(lake.root) / topics.EXAMPLES)
    assert frame.drop("day").schema == examples.SCHEMA
    assert len(frame) == lake.dataset(topics.EXAMPLES).count_rows()


def _rows(lake: Lake, name: str) -> list[dict[str, Any]]:
    return lake.dataset(name).to_table().to_pylist()
