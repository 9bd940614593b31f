"""History import: every schema generation, nothing dropped silently, the same result whatever the order of files."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.training.history.archives import contents
from training import examples
from training.history.importing import import_history
from training.history.moments import Moments
from zielzeit.berlin_time import BERLIN
from zielzeit.errors import UserError

MOMENTS = Moments(decision=14.5, label=30.0)
GENERATIONS = ("oldest", "train_name", "train_number", "two_flags", "replacements", "plan_record")


def stop(run: str, station: str, at: datetime, arrival: int | None, departure: int | None) -> dict:
    """One row of the monthly data set, before its generation's columns are chosen. Delays None: no such event."""
    return {
        "station_name": station,
        "xml_station_name": station,
        "eva": "08000001",
        "train_type": "RE",
        "number": "4711",
        "line": "7",
        "final_destination_station": "C",
        "train_line_ride_id": run,
        "train_line_station_num": 1 + "ABC".index(station),
        "id": f"{run}-{1 + 'ABC'.index(station)}",
        "delay_in_min": departure or arrival or 0,
        "time": at,
        "arrival_planned_time": at if arrival is not None else None,
        "arrival_change_time": at + timedelta(minutes=arrival) if arrival else None,
        "departure_planned_time": at + timedelta(minutes=2) if departure is not None else None,
        "departure_change_time": at + timedelta(minutes=2 + departure) if departure else None,
        "arrival_cancelled": False,
        "departure_cancelled": False,
    }


def month(generation: str, days: int = 2) -> pl.DataFrame:
    """A to C by way of B, once a day; C is 9 minutes late, on the second day its arrival is cancelled."""
    rows = []
    for day in range(days):
        start = datetime(2026, 4, 1, 8) + timedelta(days=day)  # noqa: DTZ001 - wall time, as in the files
        run = f"-123-{start:%y%m%d%H%M}"
        rows += [
            stop(run, "A", start, None, 0),
            stop(run, "B", start + timedelta(minutes=20), 4, 5),
            stop(run, "C", start + timedelta(minutes=45), 9, None),
        ]
        rows[-1]["arrival_cancelled"] = day == 1
    frame = pl.DataFrame(
        rows, schema_overrides={"departure_change_time": pl.Datetime, "arrival_change_time": pl.Datetime}
    )
    step = GENERATIONS.index(generation)
    if step <= 1:  # of regional trains the name is category and line; the collector did not keep their numbers
        frame = frame.with_columns(train_name=pl.format("{} {}", "train_type", "line")).drop("number", "line")
    else:
        frame = frame.rename({"number": "train_number", "line": "line_number"})
    if step == 0:
        frame = frame.rename({"station_name": "station"}).drop("xml_station_name", "eva", "id")
    if step <= 2:
        either = pl.col("arrival_cancelled") | pl.col("departure_cancelled")
        frame = frame.with_columns(is_canceled=either).drop("arrival_cancelled", "departure_cancelled")
    else:
        frame = frame.rename({f"{end}_cancelled": f"{end}_is_canceled" for end in ("arrival", "departure")})
    if step >= 4:
        frame = frame.with_columns(
            is_additional_stop=pl.lit(False), is_replacement_train=pl.lit(False), replaced_train_number=pl.lit("")
        )
    if step >= 5:
        frame = frame.with_columns(replaced_train_type=pl.lit(""), has_plan_record=pl.lit(True))
    return frame


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_generation_of_the_monthly_data_gives_the_same_examples(generation: str, tmp_path: Path) -> None:
    month(generation).write_parquet(tmp_path / "month.parquet")
    import_history([tmp_path / "month.parquet"], tmp_path / "out", MOMENTS)
    table = examples.read(tmp_path / "out").sort("scheduled")
    assert table["station"].to_list() == ["A", "B", "A", "B"]
    assert table["delay"].to_list() == [0.0, 5.0, 0.0, 5.0]
    assert table["final_delay"].to_list() == [9.0, 9.0, None, None]
    assert table["cancelled"].to_list() == [False, False, True, True]
    assert table["horizon"].to_list() == [43.0, 23.0, 43.0, 23.0]
    assert set(table["number"]) == ({""} if generation in ("oldest", "train_name") else {"4711"})
    assert set(table["line"]) == {"7"}


def test_examples_have_the_eva_numbers_of_stations_that_the_register_knows(tmp_path: Path) -> None:
    names = {"A": "Frankfurt (Main) Hbf", "B": "Musterstadt Hbf", "C": "Köln Hauptbahnhof"}
    frame = month("train_number", days=1).with_columns(pl.col("station_name").replace_strict(names), eva=pl.lit(""))
    frame.drop("xml_station_name").write_parquet(tmp_path / "month.parquet")
    import_history([tmp_path / "month.parquet"], tmp_path / "out", MOMENTS)
    made = examples.read(tmp_path / "out").sort("scheduled")
    assert made["station_eva"].to_list() == ["8000105", ""]
    assert made["destination_eva"].to_list() == ["8000207", "8000207"]


def test_a_run_that_continues_beyond_the_data_has_no_label(tmp_path: Path) -> None:
    frame = month("train_number", days=1).with_columns(
        departure_planned_time=pl.coalesce("departure_planned_time", "arrival_planned_time")
    )
    frame.write_parquet(tmp_path / "month.parquet")
    import_history([tmp_path / "month.parquet"], tmp_path / "out", MOMENTS)
    assert examples.read(tmp_path / "out")["cancelled"].to_list() == [None, None]


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_who_polled_himself_may_say_when_each_row_was_known(zone: str | None, tmp_path: Path) -> None:
    at = month("train_number", days=1)["time"] + timedelta(minutes=12, seconds=20)
    known_at = at if zone is None else at.dt.replace_time_zone("Europe/Berlin").dt.convert_time_zone(zone)
    month("train_number", days=1).with_columns(known_at=known_at).write_parquet(tmp_path / "month.parquet")
    import_history([tmp_path / "month.parquet"], tmp_path / "out", MOMENTS)
    made = examples.read(tmp_path / "out").sort("decided_at")
    assert made["decided_at"].to_list() == [
        datetime(2026, 4, 1, 6, minute, 20, tzinfo=ZoneInfo("UTC")) for minute in (12, 32)
    ]
    assert made["labelled_at"].unique().to_list() == [datetime(2026, 4, 1, 6, 57, 20, tzinfo=ZoneInfo("UTC"))]


def test_files_without_known_at_are_known_when_the_stream_would_know(tmp_path: Path) -> None:
    month("train_number").write_parquet(tmp_path / "month.parquet")
    import_history([tmp_path / "month.parquet"], tmp_path / "out", MOMENTS)
    made = examples.read(tmp_path / "out").sort("decided_at")
    seconds = [(row["decided_at"] - row["scheduled"]).total_seconds() for row in made.iter_rows(named=True)]
    assert [value / 60 - 14.5 for value in seconds] == [0, 5, 0, 5]  # the delays
    arrived = datetime(2026, 4, 1, 8, 45 + 9, tzinfo=BERLIN)
    lost = datetime(2026, 4, 2, 8, 45, tzinfo=BERLIN)  # known by its planned time
    wait = timedelta(minutes=14.5 + 30)
    assert made["labelled_at"].to_list() == [arrived + wait] * 2 + [lost + wait] * 2


def test_a_day_keeps_its_examples_where_some_were_known_days_later(tmp_path: Path) -> None:
    at = pl.col("time").dt.replace_time_zone("Europe/Berlin")
    days = month("two_flags", days=8).with_columns(known_at=at + timedelta(minutes=15))
    backfill = days.filter(pl.col("time") < datetime(2026, 4, 2)).with_columns(  # noqa: DTZ001 - as in the files
        id=pl.format("9{}", "id"), train_number=pl.lit("4713"), known_at=at + timedelta(days=6)
    )
    pl.concat([days, backfill]).write_parquet(tmp_path / "month.parquet")
    report = import_history([tmp_path / "month.parquet"], tmp_path / "out", MOMENTS)
    made = examples.read(tmp_path / "out")
    assert sorted(made.filter(day=date(2026, 4, 1))["number"]) == ["4711", "4711", "4713", "4713"]
    labelled = made["cancelled"].is_not_null().sum()
    assert (report.departures, report.labelled, report.days) == (len(made), labelled, made["day"].n_unique())


def test_a_run_that_is_given_up_late_is_labelled_after_its_last_departure(tmp_path: Path) -> None:
    late = month("train_number").with_columns(
        departure_change_time=pl.col("departure_planned_time") + timedelta(minutes=90)
    )
    late.write_parquet(tmp_path / "month.parquet")
    import_history([tmp_path / "month.parquet"], tmp_path / "out", MOMENTS)
    made = examples.read(tmp_path / "out").filter(pl.col("cancelled"))
    assert made["labelled_at"].unique().to_list() == [made["decided_at"].max() + timedelta(minutes=30)]


def test_a_missing_column_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    month("two_flags").drop("arrival_change_time", "departure_is_canceled").write_parquet(tmp_path / "month.parquet")
    with pytest.raises(UserError, match=r"arrival_change_time, is_canceled \(or arrival_is_canceled"):
        import_history([tmp_path / "month.parquet"], tmp_path / "out", MOMENTS)
    assert examples.days(tmp_path / "out") == []


def test_no_parquet_and_no_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "month.parquet").write_text("hello")
    with pytest.raises(UserError, match="not a readable Parquet"):
        import_history([tmp_path / "month.parquet"], tmp_path / "out", MOMENTS)
    with pytest.raises(UserError, match="no such file"):
        import_history([tmp_path / "other.parquet"], tmp_path / "out", MOMENTS)


@pytest.mark.parametrize("out", ["file", "file/examples", "link", "taken"])
def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_read(out: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "_history").write_text("hello")
    before = contents(tmp_path / "taken")
    with pytest.raises(UserError, match="examples cannot be written there"):
        import_history([tmp_path / "missing.parquet"], tmp_path / out, MOMENTS)
    assert contents(tmp_path / "taken") == before
    with pytest.raises(UserError, match="no such file"):
        import_history([tmp_path / "missing.parquet"], tmp_path / "new" / "examples", MOMENTS)
    assert not (tmp_path / "new").exists()


def test_bad_rows_are_counted_by_reason(tmp_path: Path) -> None:
    frame = month("train_number", days=5)
    broken = frame.with_row_index().with_columns(
        train_number=pl.when(pl.col("index") == 0).then(None).otherwise("train_number"),
        id=pl.when(pl.col("index") == 0).then(None).otherwise("id"),
        train_line_ride_id=pl.when(pl.col("index") == 0).then(None).otherwise("train_line_ride_id"),
        station_name=pl.when(pl.col("index") == 3).then(None).otherwise("station_name"),
        xml_station_name=pl.when(pl.col("index") == 3).then(None).otherwise("xml_station_name"),
        eva=pl.when(pl.col("index") == 3).then(None).otherwise("eva"),
        arrival_change_time=pl.when(pl.col("index") == 7)
        .then(pl.col("arrival_planned_time") + timedelta(days=1))
        .otherwise("arrival_change_time"),
        arrival_planned_time=pl.when(pl.col("index") == 11).then(None).otherwise("arrival_planned_time"),
    )
    pl.concat([broken, broken.tail(1)]).write_parquet(tmp_path / "month.parquet")
    left_out = import_history([tmp_path / "month.parquet"], tmp_path / "out", MOMENTS).left_out
    assert {reason: count for reason, count in left_out.items() if count} == {
        "no train number and no run id": 1,
        "no station": 1,
        "change of a day or more": 1,
        "no planned time": 1,
        "destination beyond the data": 1,  # the stop that was dropped had been one
        "same stop again": 1,
    }


@pytest.mark.slow
def test_order_and_overlap_of_files_do_not_matter(history: Path, examples_folder: Path, tmp_path: Path) -> None:
    whole = pl.read_parquet(history)
    cut = whole["date"].min() + timedelta(days=9)
    early, late = tmp_path / "early.parquet", tmp_path / "late.parquet"
    whole.filter(pl.col("date") <= cut + timedelta(days=2)).write_parquet(early)
    whole.filter(pl.col("date") > cut).write_parquet(late)
    out = tmp_path / "out"
    import_history([late], out, MOMENTS)
    import_history([early], out, MOMENTS)
    import_history([early, late], out, MOMENTS)
    order = ["scheduled", "number", "station"]
    assert_frame_equal(examples.read(out).sort(order), examples.read(examples_folder).sort(order))


def test_days_and_files_are_what_the_reader_is_told(examples_folder: Path) -> None:
    days = examples.days(examples_folder)
    assert date(2026, 3, 1) in days
    assert len(examples.read(examples_folder, days[2], days[3])["day"].unique()) == 2
    with pytest.raises(UserError, match="none from"):
        examples.read(examples_folder, date(2030, 1, 1))
