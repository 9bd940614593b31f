"""Times of archives: with a zone they are instants, without one Berlin's wall clock, both clock changes included."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.training.history.archives import TIMES, imported, monthly, stop
from training.history.column_types import instants
from zielzeit.berlin_time import BERLIN, DAY, WallMinutes, wall_to_utc

UTC = ZoneInfo("UTC")
SPRING, AUTUMN = "2026-03-29", "2026-10-25"


def zoned(frame: pl.DataFrame, zone: str, unit: str = "us") -> pl.DataFrame:
    """The same instants with a zone; of a wall time that exists twice the first pass."""
    at = pl.col(TIMES).dt.replace_time_zone(BERLIN.key, ambiguous="earliest").dt.convert_time_zone(zone)
    return frame.with_columns(at.dt.cast_time_unit(unit))


def a_run(day: str) -> pl.DataFrame:
    """A run on any day, by day."""
    return monthly(
        stop("A", None, f"{day} 10:00", late=(0, 2), position=1),
        stop("B", f"{day} 10:20", f"{day} 10:22", late=(3, 4), position=2),
        stop("C", f"{day} 10:50", None, late=(7, 0), position=3),
    )


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
@pytest.mark.parametrize(("day", "unit"), [("2026-03-10", "ns"), ("2026-07-10", "ms"), (SPRING, "us"), (AUTUMN, "us")])
def test_a_column_with_a_zone_holds_instants(zone: str, day: str, unit: str, tmp_path: Path) -> None:
    frame = a_run(day)
    expected, _ = imported(frame, tmp_path)
    (tmp_path / "zoned").mkdir()
    found, _ = imported(zoned(frame, zone, unit), tmp_path / "zoned")
    assert found["minute_of_day"].to_list() == [600.0, 622.0]
    assert found["scheduled"][0] == datetime.fromisoformat(f"{day} 10:00").replace(tzinfo=BERLIN)
    assert_frame_equal(found, expected)


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_the_hour_that_spring_leaves_out_is_no_delay(zone: str | None, tmp_path: Path) -> None:
    frame = monthly(
        stop("A", None, f"{SPRING} 01:30", position=1),
        stop("B", f"{SPRING} 01:50", f"{SPRING} 01:55", late=(75, 75), position=2),  # 03:05 on the clock
        stop("C", f"{SPRING} 03:30", None, late=(9, 0), position=3),
    )
    found, _ = imported(frame if zone is None else zoned(frame, zone), tmp_path)
    assert found["delay"].to_list() == [0.0, 15.0]
    assert found["horizon"].to_list() == [60.0, 35.0]


@pytest.mark.parametrize("fold", [0, 1])
def test_wall_times_are_looked_up_once_an_hour_and_mean_the_same(fold: int, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = datetime(1970, 1, 1)  # noqa: DTZ001 - wall time
    days = [(datetime.fromisoformat(day) - begin).days for day in ("1990-03-25", SPRING, AUTUMN, "2099-10-25")]
    walls = [minute for day in days for minute in range(day * DAY, (day + 1) * DAY)]
    expected = [wall_to_utc(WallMinutes(wall), fold) for wall in walls]
    asked = []

    def counted(wall: WallMinutes, fold: int) -> int:
        asked.append(wall)
        return wall_to_utc(wall, fold)

    monkeypatch.setattr("zielzeit.berlin_time.wall_to_utc", counted)
    assert instants(pl.Series([None, *walls]), fold).to_list() == [None, *expected]
    assert len(asked) == 24 * len(days)


def across_the_repeated_hour() -> pl.DataFrame:
    """A at 01:30, B at 02:50 in the first pass, C at 02:10 and D at 02:55 in the second, E at 03:30."""
    planned = [None, f"{AUTUMN} 02:48", f"{AUTUMN} 02:08", f"{AUTUMN} 02:53", f"{AUTUMN} 03:30"]
    leaving = [f"{AUTUMN} 01:30", f"{AUTUMN} 02:50", f"{AUTUMN} 02:10", f"{AUTUMN} 02:55", None]
    late = [(0, 5), (-40, -40), (2, 3), (4, 4), (9, 0)]  # B leaves at 02:10 on the clock, twenty minutes late
    return monthly(
        *(
            stop(station, arrival, departure, late=minutes, position=index + 1)
            for index, (station, arrival, departure, minutes) in enumerate(
                zip("ABCDE", planned, leaving, late, strict=True)
            )
        )
    )


def test_the_hour_that_autumn_repeats_is_told_apart_by_the_order_of_stops(tmp_path: Path) -> None:
    found, _ = imported(across_the_repeated_hour(), tmp_path)
    utc = [datetime(2026, 10, 24, 23, 30), datetime(2026, 10, 25, 0, 50), datetime(2026, 10, 25, 1, 10)]  # noqa: DTZ001
    assert found["station"].to_list() == ["A", "B", "C", "D"]
    assert found["scheduled"].to_list()[:3] == [at.replace(tzinfo=UTC) for at in utc]
    assert found["delay"].to_list() == [5.0, 20.0, 3.0, 4.0]
    assert found["horizon"].to_list() == [180.0, 100.0, 80.0, 35.0]
    assert found["final_delay"].to_list() == [9.0] * 4


def test_instants_in_the_hour_that_autumn_repeats_need_no_order(tmp_path: Path) -> None:
    first = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    planned = [first + timedelta(minutes=minutes) for minutes in (0, 80, 100, 145, 180)]
    frame = across_the_repeated_hour().with_columns(
        arrival_planned_time=pl.Series([None, *planned[1:]]),
        departure_planned_time=pl.Series([*planned[:4], None]),
        arrival_change_time=pl.Series([None, *(at + timedelta(minutes=6) for at in planned[1:])]),
        departure_change_time=pl.Series([*(at + timedelta(minutes=7) for at in planned[:4]), None]),
        train_line_station_num=pl.lit(1),
    )
    found, _ = imported(frame, tmp_path)
    assert found["scheduled"].to_list() == planned[:4]
    assert found["delay"].to_list() == [7.0] * 4
    assert found["horizon"].to_list() == [180.0, 100.0, 80.0, 35.0]
    assert found["minute_of_day"].to_list() == [90.0, 170.0, 130.0, 175.0]
