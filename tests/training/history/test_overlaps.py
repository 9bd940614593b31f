"""Archives that overlap: each run is put together once, of all that they know, whatever the order of the files."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.training.history.archives import (
    MOMENTS,
    Row,
    call,
    compact,
    monthly,
    oldest,
    stop,
    two_trains_of_a_line,
    with_names,
    with_one_flag,
)
from training import examples
from training.history.importing import import_history

RUN = "-501-2602282300"
TOLD = ("station", "destination", "delay", "horizon", "final_delay")
WHOLE = [("A", "D", 1.0, 90.0, 12.0), ("B", "D", 2.0, 60.0, 12.0), ("C", "D", 9.0, 25.0, 12.0)]
"""The examples of the run below."""


def named_run() -> list[Row]:
    """RE 7 runs over the border of two months."""
    return [
        stop("A", None, "2026-02-28 23:00", late=(0, 1), run=RUN, position=1),
        stop("B", "2026-02-28 23:30", "2026-02-28 23:30", late=(2, 2), run=RUN, position=2),
        stop("C", "2026-03-01 00:05", "2026-03-01 00:05", late=(9, 9), run=RUN, position=3),
        stop("D", "2026-03-01 00:30", None, late=(12, 0), run=RUN, position=4),
    ]


def unnamed_run(day: str = "2026-02-28", next_day: str = "2026-03-01", d: str = "D") -> list[Row]:
    """The same run as the compact columns have it."""
    return [
        call("A", f"{day} 23:00", None, 1),
        call("B", f"{day} 23:30", 2),
        call("C", f"{next_day} 00:05", 9),
        call(d, f"{next_day} 00:30", 12),
    ]


def examples_of(folder: Path, *frames: pl.DataFrame) -> pl.DataFrame:
    """The examples of all files; the order of the files does not matter."""
    files = []
    for index, frame in enumerate(frames):
        files.append(folder / f"{index}.parquet")
        frame.write_parquet(files[-1])
    found = []
    for out, order in (("out", files), ("back", files[::-1])):
        import_history(order, folder / out, MOMENTS)
        found.append(examples.read(folder / out).sort("scheduled", "station", "destination"))
    assert found[0].equals(found[1])
    return found[0]


@pytest.mark.parametrize("missing", ["AB", "D", "CD", "B", "AD", ""])
def test_what_a_month_lacks_of_a_run_comes_from_the_other_archive(missing: str, tmp_path: Path) -> None:
    month = monthly(*(row for row in named_run() if row["station_name"] not in missing))
    found = examples_of(tmp_path, month, compact(*unnamed_run()))
    assert found.select(TOLD).rows() == WHOLE


def test_a_stop_under_another_name_is_not_a_stop_again(tmp_path: Path) -> None:
    found = examples_of(tmp_path, monthly(*named_run()), compact(*unnamed_run(d="D (tief)")))
    assert found.select(TOLD).rows() == WHOLE


def test_a_run_does_not_go_on_beyond_its_end_by_the_timetable(tmp_path: Path) -> None:
    later = [call("E", "2026-03-01 02:00", None, 3), call("F", "2026-03-01 03:00", 5)]
    found = examples_of(tmp_path, monthly(*named_run()), compact(*unnamed_run(), *later))
    assert found.select(TOLD).rows() == [*WHOLE, ("E", "F", 3.0, 60.0, 5.0)]


@pytest.mark.parametrize("arrives", [True, False])
def test_a_rest_that_goes_on_in_a_run_that_begins_there_has_no_label(arrives: bool, tmp_path: Path) -> None:
    month = monthly(
        stop("C", None, "2026-03-01 00:05", late=(0, 9), run=RUN, position=1),
        stop("D", "2026-03-01 00:30", None, late=(12, 0), run=RUN, position=2),
    )
    rows = unnamed_run()
    if not arrives:
        rows[2] |= {"arr_delay_min": None, "dep_delay_min_if_differs": 9}
    found = examples_of(tmp_path, month, compact(*rows))
    end = None if arrives else 2.0
    assert found.select("station", "destination", "final_delay").rows() == [("A", "B", end), ("C", "D", 12.0)]


def meeting_runs() -> list[Row]:
    """The runs of ``two_trains_of_a_line`` as the compact columns have them."""
    back, other = ("RE", "26002", "RE7"), ("RB", "61001", None)
    return [
        call("A", "2026-03-10 11:30", None, 1),
        call("B", "2026-03-10 12:00", 2),
        call("C", "2026-03-10 12:30", 3),
        call("C", "2026-03-10 11:31", None, 10, train=back),
        call("B", "2026-03-10 12:00", 11, 12, train=back),
        call("A", "2026-03-10 12:31", 13, train=back),
        call("A", "2026-03-10 11:40", None, 0, train=other),
        call("D", "2026-03-10 11:55", 1, train=other),
    ]


def test_a_named_train_without_a_number_is_counted_once(tmp_path: Path) -> None:
    month = with_names(monthly(*two_trains_of_a_line()))
    found = examples_of(tmp_path, month, compact(*meeting_runs()))
    assert found.sort("destination", "scheduled").select("station", "destination", "number", "delay").rows() == [
        ("C", "A", "", 10.0), ("B", "A", "", 12.0), ("A", "C", "", 1.0), ("B", "C", "", 2.0), ("A", "D", "", 0.0)
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["", None, "RE7"])
def test_a_train_without_a_line_may_be_one_of_any_line(line: str | None, tmp_path: Path) -> None:
    month = with_names(monthly(*(row | {"line_number": None} for row in named_run())))
    found = examples_of(tmp_path, month, compact(*(row | {"line": line} for row in unnamed_run())))
    assert found.select(TOLD).rows() == WHOLE


def test_a_train_of_another_line_is_another_train(tmp_path: Path) -> None:
    month = with_names(monthly(*named_run()))
    found = examples_of(tmp_path, month, compact(*(row | {"line": "RE8"} for row in unnamed_run())))
    assert sorted(found.select("line", "destination").rows()) == [("7", "D")] * 3 + [("8", "D")] * 3


def test_a_train_that_meets_one_of_its_line_is_not_that_train(tmp_path: Path) -> None:
    """The month has the train from A to C alone, the other archive the one from C to A."""
    month = with_names(monthly(*two_trains_of_a_line()[:3]))
    found = examples_of(tmp_path, month, compact(*meeting_runs()[3:6]))
    assert found.select("station", "destination", "final_delay").sort("destination", "station").rows() == [
        ("B", "A", 13.0), ("C", "A", 13.0), ("A", "C", 3.0), ("B", "C", 3.0)
    ]  # fmt: skip


def test_a_run_without_numbers_is_filled_up_as_well(tmp_path: Path) -> None:
    month = with_names(monthly(*named_run()[2:]))
    found = examples_of(tmp_path, month, compact(*unnamed_run()))
    assert found.select(TOLD).rows() == WHOLE
    assert found["number"].to_list() == ["26001", "26001", ""]


def days(count: int = 3) -> pl.DataFrame:
    return monthly(*(row for day in range(count) for row in two_trains_of_a_line(f"2026-03-{10 + day}")))


@pytest.mark.parametrize("generation", ["present", "one flag", "train_name", "with the start"])
def test_a_month_in_the_oldest_generation_and_in_a_later_one_is_counted_once(generation: str, tmp_path: Path) -> None:
    month = days()
    later = {
        "present": month,
        "one flag": with_one_flag(month),
        "train_name": with_names(month),
        "with the start": oldest(month, dated=True),
    }[generation]
    found = examples_of(tmp_path, later, oldest(month, dated=False))
    (tmp_path / "alone").mkdir()
    assert found.equals(examples_of(tmp_path / "alone", later))


def test_a_folder_takes_a_month_in_its_later_generation(tmp_path: Path) -> None:
    month, out = days(), tmp_path / "out"
    reports = []
    for name, frame in (("old", oldest(month, dated=False)), ("new", month)):
        frame.write_parquet(tmp_path / f"{name}.parquet")
        reports.append(import_history([tmp_path / f"{name}.parquet"], out, MOMENTS))
    assert [report.departures for report in reports] == [15, 15]
    assert reports[1].left_out["same stop again"] == len(month)
    assert set(examples.read(out)["number"]) == {"26001", "26002", "61001"}


@pytest.mark.parametrize("missing", ["A", "C", "B", ""])
def test_what_a_later_generation_lacks_of_a_run_comes_from_the_oldest_one(missing: str, tmp_path: Path) -> None:
    month = days()
    later = month.filter(pl.col("station_name") != missing, pl.col("train_type") == "RE")
    old = oldest(month.filter(pl.col("train_type") == "RE"), dated=False)
    found = examples_of(tmp_path, later, old)
    (tmp_path / "alone").mkdir()
    whole = examples_of(tmp_path / "alone", month.filter(pl.col("train_type") == "RE"))
    assert found.select(TOLD).equals(whole.select(TOLD))


@pytest.mark.parametrize("missing", ["A", "C", "B", ""])
def test_days_of_a_run_whose_name_is_used_again_are_filled_up_apart(missing: str, tmp_path: Path) -> None:
    month = days().filter(pl.col("train_number") == "26001")
    rows = [
        row
        for day in (10, 11, 12)
        for row in (
            call("A", f"2026-03-{day} 11:30", None, 1),
            call("B", f"2026-03-{day} 12:00", 2),
            call("C", f"2026-03-{day} 12:30", 3),
        )
    ]
    old = oldest(month.filter(pl.col("station_name") != missing), dated=False)
    found = examples_of(tmp_path, old, compact(*rows))
    assert found.select("station", "destination", "final_delay").rows() == [("A", "C", 3.0), ("B", "C", 3.0)] * 3


def test_all_four_archives_of_one_month_are_counted_once(tmp_path: Path) -> None:
    month = days(1)
    files = (month, with_names(month), oldest(month, dated=False), compact(*meeting_runs()))
    found = examples_of(tmp_path, *files)
    assert len(found) == 5
    assert "" not in found["number"].to_list()
