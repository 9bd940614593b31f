"""A simulated month reads like the real history files."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from zielzeit.settings import ROOT
from zielzeit.simulator.history import stop_table
from zielzeit.simulator.timetable import build

REAL = ROOT.parent / "shared/data/history/stops_RE_2026-03_06.parquet"


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return stop_table(build(30, seed=1), date(2026, 3, 1), days=5)


def test_the_columns_are_those_of_real_history(table):
    if not REAL.is_file():
        pytest.skip("../shared/data/history is absent")
    assert dict(table.schema) == dict(pl.read_parquet_schema(REAL))


def test_first_stops_have_no_arrival_and_delays_are_in_range(table):
    first = table.filter(pl.col("prev_stop_delay_min").is_null())
    assert first["arr_delay_min"].is_null().all()
    assert table["arr_delay_min"].drop_nulls().is_between(-30, 360).all()
    assert 0.0 < table["cancelled"].mean() < 0.15
    assert table["date"].n_unique() >= 5


def test_the_delay_before_says_much_about_the_delay_now(table):
    assert table.select(pl.corr("arr_delay_min", "prev_stop_delay_min")).item() > 0.8
