"""Types and nulls of archives: read where the meaning is certain, else refused before anything is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.thoroughness import thorough
from tests.training.history.archives import (
    MOMENTS,
    TIMES,
    call,
    compact,
    contents,
    imported,
    monthly,
    stop,
    with_one_flag,
)
from training import examples
from training.history.checking import check_history
from training.history.importing import import_history
from zielzeit.berlin_time import BERLIN
from zielzeit.errors import UserError

DAY = "2026-03-10"


LATER = datetime.now(BERLIN).replace(tzinfo=None, microsecond=0) + timedelta(hours=30)


def small_compact() -> pl.DataFrame:
    """A, B, C in the compact columns."""
    return compact(call("A", f"{DAY} 10:00", None, 2), call("B", f"{DAY} 10:20", 3, 4), call("C", f"{DAY} 10:50", 7))


def small_month() -> pl.DataFrame:
    """A, B, C in the present generation."""
    return monthly(
        stop("A", None, f"{DAY} 10:00", late=(0, 2), position=1),
        stop("B", f"{DAY} 10:20", f"{DAY} 10:22", late=(3, 4), position=2),
        stop("C", f"{DAY} 10:50", None, late=(7, 0), position=3),
    )


def in_berlin(column: str) -> pl.Expr:
    """Midnight of the dates with a zone."""
    return pl.col(column).cast(pl.Datetime).dt.replace_time_zone("Europe/Berlin").dt.convert_time_zone("UTC")


@pytest.mark.parametrize(
    "change",
    [
        pl.col("date").cast(pl.Datetime("ns")),
        in_berlin("date"),
        pl.col("planned_minute_of_day").cast(pl.Float64),
        pl.col("arr_delay_min").cast(pl.Float64).fill_null(float("nan")),
        pl.col("dep_delay_min_if_differs").cast(pl.Float32).fill_null(float("nan")),
        pl.col("train_number").cast(pl.Int64),
        pl.col("train_number").cast(pl.Float64),
        pl.col("train_number").cast(pl.Categorical),
        pl.col("cancelled").cast(pl.UInt8),
        pl.format(" {} ", "station").alias("station"),
    ],
    ids=str,
)
def test_what_means_the_same_for_certain_is_read(change: pl.Expr, tmp_path: Path) -> None:
    expected, _ = imported(small_compact(), tmp_path)
    (tmp_path / "other").mkdir()
    found, _ = imported(small_compact().with_columns(change), tmp_path / "other")
    assert_frame_equal(found, expected)


def at_row(column: str, row: int, value: object) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """A change of one value; the first row is 1."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        values = frame[column].to_list()
        values[row - 1] = value
        return frame.with_columns(pl.Series(column, values, strict=False))

    return change


REFUSED = [
    (small_compact, at_row("cancelled", 2, None), r"column cancelled, row 2: null .*expected true or false"),
    (small_compact, at_row("arr_delay_min", 3, 7.5), r"column arr_delay_min, row 3: 7.5 .*expected whole numbers"),
    (small_compact, at_row("arr_delay_min", 3, float("inf")), r"column arr_delay_min, row 3: inf"),
    (small_compact, at_row("planned_minute_of_day", 2, 1440), r"column planned_minute_of_day, row 2: 1440 .*to 1,439"),
    (small_compact, at_row("date", 1, date(1900, 1, 1)), r"column date, row 1: 1900-01-01 .*1990 to 2099"),
    (small_compact, at_row("date", 3, "10.3.2026"), r"column date, row 1: .*expected dates"),
    (
        small_compact,
        lambda one: one.with_columns(pl.col("arr_delay_min").cast(pl.String)),
        r"arr_delay_min, row 2: '3'",
    ),
    (
        small_compact,
        lambda one: one.with_columns(pl.col("date").cast(pl.Datetime) + timedelta(minutes=1)),
        r"column date, row 1: 2026-03-10 00:01:00 .*at midnight",
    ),
    (small_compact, lambda one: one.with_columns(pl.concat_list("station")), r"column station, row 1: \['A'\]"),
    (
        small_month,
        lambda one: one.with_columns(pl.col(TIMES).cast(pl.String)),
        r"arrival_planned_time, row 2: '",
    ),
    (small_month, lambda one: one.with_columns(pl.col(TIMES).dt.date()), r"column arrival_planned_time, row 2: 2026"),
    (small_month, at_row("arrival_is_canceled", 2, None), r"column arrival_is_canceled, row 2: null"),
    (small_month, at_row("departure_planned_time", 2, datetime(1, 1, 1)), r"departure_planned_time, row 2: 0001-01"),  # noqa: DTZ001
    (
        small_compact,
        at_row("date", 2, (LATER + timedelta(days=1)).date()),
        r"column date, row 2: .*expected no time after",
    ),
    (small_compact, at_row("date", 3, date(2062, 3, 10)), r"column date, row 3: 2062-03-10 .*expected no time after"),
    (small_month, at_row("arrival_planned_time", 2, LATER), r"arrival_planned_time, row 2: .*expected no time after"),
    (
        small_month,
        at_row("departure_planned_time", 1, LATER),
        r"departure_planned_time, row 1: .*expected no time after",
    ),
    (
        small_month,
        lambda one: one.with_columns(known_at=pl.lit(LATER).dt.replace_time_zone("UTC")),
        r"column known_at, row 1: .*expected no time after",
    ),
    (lambda: with_one_flag(small_month()), at_row("is_canceled", 3, None), r"column is_canceled, row 3: null"),
    (small_month, lambda one: one.clear(), r"has no rows; expected at least one"),
    (small_month, lambda one: one.drop("departure_planned_time"), r"lacks the column departure_planned_time"),
    (small_month, lambda one: one.with_columns(train_type=pl.lit("")), r"none of the 3 rows can be used: no train cat"),
]


@pytest.mark.parametrize(("made", "change", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_what_cannot_be_read_is_refused_and_the_folder_stays(
    made: Callable[[], pl.DataFrame], change: Callable[[pl.DataFrame], pl.DataFrame], message: str, tmp_path: Path
) -> None:
    imported(small_compact(), tmp_path)
    before = contents(tmp_path / "out")
    change(made()).write_parquet(tmp_path / "bad.parquet")
    with pytest.raises(UserError, match=message):
        import_history([tmp_path / "rows.parquet", tmp_path / "bad.parquet"], tmp_path / "out", MOMENTS)
    assert contents(tmp_path / "out") == before
    with pytest.raises(UserError, match=message):
        import_history([tmp_path / "bad.parquet"], tmp_path / "new", MOMENTS)
    assert not (tmp_path / "new").exists()
    assert import_history([tmp_path / "rows.parquet"], tmp_path / "out", MOMENTS).departures == 2


def test_times_up_to_a_day_ahead_are_read(tmp_path: Path) -> None:
    soon = f"{LATER - timedelta(hours=7):%Y-%m-%d %H:%M}"
    found, _ = imported(compact(call("A", soon, None, 2), call("B", soon, 3)), tmp_path)
    assert len(found) == 1


def test_a_flag_may_be_null_where_there_is_no_such_event(tmp_path: Path) -> None:
    frame = small_month().with_columns(
        arrival_is_canceled=pl.when(pl.col("arrival_planned_time").is_not_null()).then("arrival_is_canceled"),
        departure_is_canceled=pl.when(pl.col("departure_planned_time").is_not_null()).then("departure_is_canceled"),
        is_additional_stop=pl.lit(None, pl.Boolean),
    )
    found, _ = imported(frame, tmp_path)
    assert found["final_delay"].to_list() == [7.0, 7.0]


def test_a_folder_that_an_older_version_kept_is_read(tmp_path: Path) -> None:
    imported(small_compact().with_columns(pl.col("station").replace({"C": "Berlin Hbf"})), tmp_path)
    (kept,) = (tmp_path / "out" / "_history" / "stops").glob("*.parquet")
    new = ("run_again", "position", "instant", "instant_departure", "one_flag", "arrives", "ends", "additional")
    old = (
        pl.read_parquet(kept)
        .drop(new)
        .with_columns(departure_cancelled=pl.lit(None, pl.Boolean))  # such a folder could not be used any more
        .with_columns(pl.col("station").replace({"Berlin Hbf": "Berlin Hauptbahnhof"}))
    )
    kept.unlink()
    old.write_parquet(kept.with_name("0-0.parquet"))
    named = pl.col("xml_station_name").replace({"C": "Berlin Hbf"})
    small_month().with_columns(named).write_parquet(tmp_path / "month.parquet")
    report = import_history([tmp_path / "month.parquet"], tmp_path / "out", MOMENTS)
    assert (report.departures, report.left_out["same stop again"]) == (2, 3)
    assert set(examples.read(tmp_path / "out")["destination"]) == {"Berlin Hbf"}


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    small_month().write_parquet(tmp_path / "month.parquet")
    data = bytearray((tmp_path / "month.parquet").read_bytes())
    data[40:400] = bytes(360)
    (tmp_path / "month.parquet").write_bytes(data)
    with pytest.raises(UserError, match="not a readable Parquet file"):
        import_history([tmp_path / "month.parquet"], tmp_path / "out", MOMENTS)
    assert not (tmp_path / "out").exists()


DAMAGES: list[Callable[[bytes], bytes]] = [
    lambda data: b"",
    lambda data: data[:300],
    lambda data: data[:4] + bytes(400) + data[404:],
]


@pytest.mark.parametrize("damaged", DAMAGES, ids=["empty", "cut off", "zeros"])
def test_a_kept_file_that_is_damaged_is_named_and_made_anew(damaged: Callable[[bytes], bytes], tmp_path: Path) -> None:
    expected, _ = imported(small_compact(), tmp_path)
    (kept,) = (tmp_path / "out" / "_history" / "stops").glob("*.parquet")
    kept.write_bytes(damaged(kept.read_bytes()))
    small_month().write_parquet(tmp_path / "month.parquet")
    before = contents(tmp_path / "out")
    with pytest.raises(UserError, match=rf"{kept.name}, which an earlier import kept, is damaged .*import the file"):
        import_history([tmp_path / "month.parquet"], tmp_path / "out", MOMENTS)
    assert contents(tmp_path / "out") == before
    found, _ = imported(small_compact(), tmp_path)
    assert_frame_equal(found, expected)


INT64 = st.integers(-(2**63), 2**63 - 1)
TYPES: list[tuple[pa.DataType, st.SearchStrategy[object]]] = [
    (pa.string(), st.text(max_size=5)),
    (pa.large_string(), st.sampled_from(["", " ", "RE", "7", "-1-2603101000-1", "2026-03-10 10:00"])),
    (pa.dictionary(pa.int8(), pa.string()), st.text(max_size=2)),
    (pa.dictionary(pa.int32(), pa.int64()), st.integers(0, 9)),
    (pa.binary(), st.binary(max_size=3)),
    (pa.bool_(), st.booleans()),
    (pa.int8(), st.integers(-128, 127)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.int64(), st.one_of(INT64, st.integers(-1, 1500))),
    (pa.float32(), st.floats(width=32)),
    (pa.float64(), st.one_of(st.floats(), st.integers(0, 1500).map(float))),
    (pa.decimal128(10, 2), st.decimals(-1000, 1000, places=2)),
    (pa.date32(), st.one_of(st.dates(), st.just(date(2026, 3, 10)))),
    (pa.date64(), st.dates()),
    (pa.time32("s"), st.integers(0, 86_399)),
    (pa.duration("us"), INT64),
    *(
        (pa.timestamp(unit, zone), st.one_of(INT64, st.integers(0, 10**10).map(lambda at, by=by: at * by)))
        for unit, by in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9))
        for zone in (None, "UTC", "Europe/Berlin", "+05:45")
    ),
    (pa.null(), st.none()),
    (pa.list_(pa.int64()), st.lists(INT64, max_size=2)),
    (pa.struct([("a", pa.int64())]), st.fixed_dictionaries({"a": INT64})),
]


@st.composite
def odd_tables(draw: st.DrawFn) -> pa.Table:
    """A table of any known generation in which some columns are missing, of other types or hold odd values."""
    made = draw(st.sampled_from([small_compact, small_month, lambda: with_one_flag(small_month())]))
    table = made().to_arrow()
    for name in draw(st.lists(st.sampled_from(table.column_names), max_size=3, unique=True)):
        place = table.column_names.index(name)
        if draw(st.integers(0, 9)) == 0:
            table = table.remove_column(place)
            continue
        kind, values = draw(st.sampled_from(TYPES))
        column = draw(st.lists(st.one_of(st.none(), values), min_size=3, max_size=3))
        if pa.types.is_dictionary(kind):
            array = pa.array(column, kind.value_type).dictionary_encode().cast(kind)
        else:
            array = pa.array(column, kind)
        table = table.set_column(place, name, array)
    return table.slice(0, draw(st.integers(0, 3)))


@pytest.mark.slow  # 150 whole imports
@settings(max_examples=thorough(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(table=odd_tables())
def test_any_table_is_imported_or_refused_in_one_sentence(table: pa.Table) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        good, odd, out = folder / "good.parquet", folder / "odd.parquet", folder / "out"
        small_month().write_parquet(good)
        pq.write_table(table, odd)
        import_history([good], out, MOMENTS)
        before = contents(out)
        check = check_history([odd], MOMENTS)
        try:
            report = import_history([odd], out, MOMENTS)
        except UserError as error:
            assert "\n" not in str(error)
            assert str(error).startswith(str(odd))
            assert contents(out) == before
            assert not check.is_good
        else:
            assert check.is_good
            assert report.rows == check.rows == table.num_rows
            assert len(examples.read(out)) == report.departures
        assert import_history([good], out, MOMENTS).departures >= 2
