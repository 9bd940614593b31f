"""Rows that cannot be used still say that their run went on: it has no label, and no wrong destination."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.training.history.archives import MOMENTS, call, compact, imported
from training import examples
from training.history.importing import import_history

DAYS = ("2026-03-10", "2026-03-11", "2026-03-12")


def run(day: str, **lost: Any) -> list[dict]:
    """A, B and C, in whose row some columns are changed. B leaves as late as it came: the columns tell no departure."""
    rows = [call("A", f"{day} 10:00", None, 2), call("B", f"{day} 10:30", 4), call("C", f"{day} 11:00", 9)]
    rows[-1] |= lost
    return rows


LOST = [
    {"station": None},
    {"date": None},
    {"planned_minute_of_day": None},
    {"train_type": None},
    {"arr_delay_min": 1440},
    {"arr_delay_min": -1440},
]


def labels(table: pl.DataFrame) -> list[tuple]:
    """The day, station and label of examples."""
    return table.select(pl.col("scheduled").dt.date().cast(pl.String), "station", "final_delay").rows()


@pytest.mark.parametrize("lost", LOST, ids=str)
def test_a_run_whose_last_row_is_dropped_has_no_label(lost: dict, tmp_path: Path) -> None:
    found, report = imported(compact(*run(DAYS[0]), *run(DAYS[1], **lost), *run(DAYS[2])), tmp_path)
    assert labels(found) == [
        (DAYS[0], "A", 9.0),
        (DAYS[0], "B", 9.0),
        (DAYS[1], "A", None),
        (DAYS[2], "A", 9.0),
        (DAYS[2], "B", 9.0),
    ]
    assert report.left_out["destination beyond the data"] == 1


@pytest.mark.parametrize("lost", LOST, ids=str)
def test_the_dropped_row_may_lie_in_another_file(lost: dict, tmp_path: Path) -> None:
    before, after = compact(*run(DAYS[0])[:2]), compact(*run(DAYS[0], **lost)[2:], *run(DAYS[1]))
    for name, frame in (("after", after), ("before", before)):
        frame.write_parquet(tmp_path / f"{name}.parquet")
        import_history([tmp_path / f"{name}.parquet"], tmp_path / "out", MOMENTS)
    made = examples.read(tmp_path / "out").sort("scheduled")
    assert labels(made)[:1] == [(DAYS[0], "A", None)]
    assert labels(made)[1:] == [(DAYS[1], "A", 9.0), (DAYS[1], "B", 9.0)]


@pytest.mark.parametrize("lost", [lost for lost in LOST if "planned_minute_of_day" not in lost], ids=str)
def test_a_dropped_row_within_a_run_or_that_another_row_tells_changes_nothing(lost: dict, tmp_path: Path) -> None:
    expected, _ = imported(compact(*run(DAYS[0])), tmp_path)
    (tmp_path / "other").mkdir()
    within, again = call("X", f"{DAYS[0]} 10:40", 4) | lost, call("C", f"{DAYS[0]} 11:00", 9) | lost
    found, _ = imported(compact(*run(DAYS[0]), within, again), tmp_path / "other")
    assert found.equals(expected)


@pytest.mark.parametrize("lost", [{"date": None}, {"planned_minute_of_day": None}], ids=str)
def test_a_stop_that_other_days_tell_at_another_time_is_not_lost_there(lost: dict, tmp_path: Path) -> None:
    days = compact(*run(DAYS[0]), *run(DAYS[1], planned_minute_of_day=11 * 60 + 5), *run(DAYS[2]))
    expected, _ = imported(days, tmp_path)
    (tmp_path / "other").mkdir()
    doubled = compact(call("C", f"{DAYS[0]} 11:05", 9) | lost)
    found, _ = imported(pl.concat([days, doubled]), tmp_path / "other")
    assert found.equals(expected)
    assert found["final_delay"].null_count() == 0


def test_a_dropped_row_of_a_later_run_is_not_the_end_of_an_earlier_one(tmp_path: Path) -> None:
    late = call("A", f"{DAYS[0]} 16:30", None, 3) | {"station": None}
    found, _ = imported(compact(*run(DAYS[0]), late), tmp_path)
    assert labels(found) == [(DAYS[0], "A", 9.0), (DAYS[0], "B", 9.0)]
