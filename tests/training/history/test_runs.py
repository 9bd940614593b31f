"""Runs of archives: told apart by their ids, put together over gaps, ended where the timetable ended them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.training.history.archives import (
    MOMENTS,
    call,
    compact,
    imported,
    monthly,
    oldest,
    stop,
    two_trains_of_a_line,
    with_names,
    with_one_flag,
)
from training import examples
from training.history.importing import import_history
from zielzeit.errors import UserError

DAY = "2026-03-10"
ICE = ("ICE", "905", None)
NJ = ("NJ", "401", None)


@pytest.mark.parametrize("generation", ["train_name", "oldest", "oldest, without the start"])
def test_a_line_is_no_train_number(generation: str, tmp_path: Path) -> None:
    days = monthly(*(row for day in (10, 11, 12) for row in two_trains_of_a_line(f"2026-03-{day}")))
    expected, _ = imported(days, tmp_path)
    (tmp_path / "names").mkdir()
    frame = with_names(days) if generation == "train_name" else oldest(days, dated=generation == "oldest")
    found, _ = imported(frame, tmp_path / "names")
    assert len(found) == 15
    same = ["category", "line", "station", "destination", "scheduled", "delay", "horizon", "final_delay", "cancelled"]
    by = ["scheduled", "station", "destination"]
    assert found.select(same).sort(by).equals(expected.select(same).sort(by))
    assert set(found["number"]) == {""}


GENERATIONS = {
    "names": with_names,
    "one flag": with_one_flag,
    "oldest": lambda frame: oldest(frame, dated=True),
    "oldest, without the start": lambda frame: oldest(frame, dated=False),
}


def a_day(day: str) -> pl.DataFrame:
    """The trains of a line, and an ICE that begins at its second stop instead of the first, and loses its last one."""
    run = f"999-{day.replace('-', '')[2:]}1400"
    ice = [
        stop("A", None, f"{day} 14:00", late=(0, None), cancelled=(False, True), run=run, position=1, train=ICE),
        stop(
            "B", f"{day} 14:30", f"{day} 14:32", late=(None, 4), cancelled=(True, False), run=run, position=2, train=ICE
        ),
        stop("C", f"{day} 15:00", f"{day} 15:02", late=(5, 6), run=run, position=3, train=ICE),
        stop("D", f"{day} 15:40", None, late=(None, 0), cancelled=(True, False), run=run, position=4, train=ICE),
    ]
    return monthly(*two_trains_of_a_line(day), *ice)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_months_of_two_generations_in_one_file_are_read_as_in_two(generation: str, tmp_path: Path) -> None:
    made = GENERATIONS[generation]
    old, new = made(a_day("2026-03-10")), a_day("2026-03-11")
    for name, frame in (("old", old), ("new", new)):
        frame.write_parquet(tmp_path / f"{name}.parquet")
    import_history([tmp_path / "old.parquet", tmp_path / "new.parquet"], tmp_path / "two", MOMENTS)
    expected = examples.read(tmp_path / "two").sort("scheduled", "station")
    found, _ = imported(pl.concat([old, new], how="diagonal"), tmp_path)
    assert len(found) == 14
    assert_frame_equal(found, expected)


def test_trains_without_a_number_share_no_statistics_of_a_train(tmp_path: Path) -> None:
    days = monthly(*(row for day in (10, 11, 12) for row in two_trains_of_a_line(f"2026-03-{day}")))
    numbered, _ = imported(days, tmp_path)
    (tmp_path / "names").mkdir()
    found, _ = imported(with_names(days), tmp_path / "names")
    count = "train_weight"
    assert numbered[count].max() > 0
    assert found[count].max() == 0


def test_the_name_of_a_long_distance_train_holds_its_number(tmp_path: Path) -> None:
    frame = monthly(
        stop("A", None, f"{DAY} 10:00", train=ICE, position=1), stop("B", f"{DAY} 11:00", None, train=ICE, position=2)
    )
    named = frame.with_columns(train_name=pl.lit("ICE 905")).drop("train_number", "line_number")
    found, _ = imported(named, tmp_path)
    assert found.select("number", "line").rows() == [("905", "")]


def test_an_oldest_month_without_a_run_id_is_refused_by_its_name(tmp_path: Path) -> None:
    frame = oldest(monthly(*two_trains_of_a_line()), dated=True).drop("train_line_ride_id")
    with pytest.raises(UserError, match="lacks the column id or train_line_ride_id"):
        imported(frame, tmp_path)


def test_a_run_that_is_renumbered_on_its_way_is_one_run(tmp_path: Path) -> None:
    frame = monthly(
        stop("A", None, f"{DAY} 10:00", position=1),
        stop("B", f"{DAY} 10:28", f"{DAY} 10:30", train=("RE", "26999", "RE7"), position=2),
        stop("C", f"{DAY} 11:00", None, late=(4, 0), train=("RE", "26999", "RE7"), position=3),
    )
    found, _ = imported(frame, tmp_path)
    assert found.select("number", "destination", "final_delay").rows() == [("26001", "C", 4.0), ("26999", "C", 4.0)]


@pytest.mark.parametrize("end", ["16:05", "17:40"])
def test_an_additional_stop_where_a_diverted_train_ends_is_no_departure(end: str, tmp_path: Path) -> None:
    both = (True, True)
    frame = monthly(
        stop("A", None, f"{DAY} 15:10", late=(0, 5), position=1, train=ICE),
        stop("B", f"{DAY} 16:00", f"{DAY} 16:02", late=(None, None), cancelled=both, position=2, train=ICE),
        stop("C", f"{DAY} 17:10", None, late=(None, 0), cancelled=(True, False), position=3, train=ICE),
        stop("X", f"{DAY} {end}", None, late=(12, 0), position=100, train=ICE, additional=True),
    )
    found, _ = imported(frame, tmp_path)
    assert found.select("station", "destination", "cancelled").rows() == [("A", "C", True)]


def test_a_run_that_goes_on_beyond_its_planned_end_arrived_there(tmp_path: Path) -> None:
    frame = monthly(
        stop("A", None, f"{DAY} 15:10", position=1, train=ICE),
        stop("B", f"{DAY} 16:00", f"{DAY} 16:05", late=(7, 8), position=2, train=ICE),
        stop("X", f"{DAY} 17:00", None, late=(12, 0), position=101, train=ICE, additional=True),
    )
    found, report = imported(frame, tmp_path)
    assert found.select("station", "destination", "final_delay").rows() == [("A", "B", 7.0)]
    assert report.left_out["additional stop after the planned end"] == 1


def late_start(one_flag: bool, *, b: int = 2) -> pl.DataFrame:
    """ICE 905 begins at B instead of A."""
    frame = monthly(
        stop("A", None, f"{DAY} 23:20", late=(0, None), cancelled=(False, True), position=1, train=ICE),
        stop("B", f"{DAY} 23:24", f"{DAY} 23:28", late=(None, 5), cancelled=(True, False), position=b, train=ICE),
        stop("C", f"{DAY} 23:35", f"{DAY} 23:37", late=(5, 6), position=3, train=ICE),
        stop("D", "2026-03-11 05:10", None, late=(9, 0), position=4, train=ICE),
    )
    return with_one_flag(frame) if one_flag else frame


@pytest.mark.parametrize("one_flag", [False, True])
def test_a_train_that_begins_later_than_planned_leaves_its_first_stop(one_flag: bool, tmp_path: Path) -> None:
    found, _ = imported(late_start(one_flag), tmp_path)
    assert found.select("station", "delay", "final_delay").rows() == [("B", 5.0, 9.0), ("C", 6.0, 9.0)]


def test_one_flag_is_unclear_where_stops_between_are_missing(tmp_path: Path) -> None:
    found, report = imported(late_start(True, b=1), tmp_path)
    assert found["station"].to_list() == ["C"]
    assert report.left_out["cancelled, but unclear what"] == 1


@pytest.mark.parametrize(("skipped", "unclear"), [(["B"], 0), (["B", "C"], 1)])
def test_one_flag_between_served_stops(skipped: list[str], unclear: int, tmp_path: Path) -> None:
    rows = []
    for index, station in enumerate("ABCDE"):
        at = f"{DAY} 1{index}:00"
        both = (station in skipped,) * 2
        rows.append(
            stop(
                station, at if index else None, at if index < 4 else None, cancelled=both, position=index + 1, train=ICE
            )
        )
    found, report = imported(with_one_flag(monthly(*rows)), tmp_path)
    assert found["station"].to_list() == [station for station in "ABCD" if station not in skipped]
    assert report.left_out["cancelled, but unclear what"] == unclear


def night_train(*, arrives: bool = True) -> pl.DataFrame:
    """NJ 401 calls nowhere for five and a half hours."""
    return compact(
        call("A", "2026-03-10 20:30", None, 3, train=NJ),
        call("B", "2026-03-10 23:40", 5, 6, train=NJ),
        call("C", "2026-03-11 05:12", 30 if arrives else None, 30, train=NJ),
        call("D", "2026-03-11 06:00", 25, train=NJ),
    )


def test_a_night_train_without_a_run_id_is_one_run(tmp_path: Path) -> None:
    found, _ = imported(night_train(), tmp_path)
    assert found.select("station", "destination", "final_delay").rows() == [(at, "D", 25.0) for at in "ABC"]


def test_a_run_that_leaves_its_last_known_stop_has_no_label(tmp_path: Path) -> None:
    found, report = imported(night_train(arrives=False), tmp_path)  # C may be the first stop of another run
    assert found.select("station", "destination", "final_delay").rows() == [("A", "B", None), ("C", "D", 25.0)]
    assert report.left_out["destination beyond the data"] == 1


def test_a_train_that_is_back_after_a_gap_is_another_run(tmp_path: Path) -> None:
    frame = compact(
        call("A", "2026-03-10 06:00", None, 3),
        call("B", "2026-03-10 07:00", 5),
        call("B", "2026-03-10 12:00", 1, 2),
        call("A", "2026-03-10 13:00", 4),
    )
    found, _ = imported(frame, tmp_path)
    assert found.select("station", "destination").rows() == [("A", "B"), ("B", "A")]


def test_a_night_train_with_a_run_id_is_one_run_however_long_it_stops_nowhere(tmp_path: Path) -> None:
    frame = monthly(
        stop("A", None, "2026-03-10 18:00", position=1, train=NJ),
        stop("B", "2026-03-11 07:00", "2026-03-11 07:02", late=(30, 30), position=2, train=NJ),
        stop("C", "2026-03-11 09:00", None, late=(25, 0), position=3, train=NJ),
    )
    found, _ = imported(frame, tmp_path)
    assert found.select("station", "destination", "final_delay").rows() == [("A", "C", 25.0), ("B", "C", 25.0)]


def test_of_two_sources_of_one_stop_the_one_that_names_the_run_is_kept(tmp_path: Path) -> None:
    month = monthly(
        stop("A", None, f"{DAY} 10:00", late=(0, 2), position=1), stop("B", f"{DAY} 11:00", None, position=2)
    )
    month.write_parquet(tmp_path / "month.parquet")
    other = compact(call("A", f"{DAY} 10:00", None, 2), call("B", f"{DAY} 11:00", 0))
    other.write_parquet(tmp_path / "stops.parquet")
    files = [tmp_path / "stops.parquet", tmp_path / "month.parquet"]
    report = import_history(files, tmp_path / "out", MOMENTS)
    assert (report.departures, report.left_out["same stop again"]) == (1, 2)
    assert examples.read(tmp_path / "out")["final_delay"].to_list() == [0.0]
