"""Tables are read whole, with days and times as they are meant, and without what is no data."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import build
from tests.lake.handmade import lake, put
from zielzeit.errors import UserError
from zielzeit.lake.listing import summaries, summary
from zielzeit.lake.reading import Lake, dataset
from zielzeit.settings import load

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def boards(*minutes: float) -> list[dict[str, object]]:
    return [{"station": "A", "polled_at": NOON + timedelta(minutes=minute)} for minute in minutes]


def test_times_are_utc_days_are_dates_and_missing_columns_are_null(tmp_path: Path) -> None:
    put(tmp_path, "boards", "2026-03-10", "part-x-0-0", boards(0))
    (row,) = dataset("boards", str(tmp_path)).to_table().to_pylist()
    assert row["polled_at"] == NOON
    assert row["day"] == date(2026, 3, 10)
    assert row["url"] is None


def test_a_day_is_chosen_without_reading_the_others(tmp_path: Path) -> None:
    put(tmp_path, "boards", "2026-03-10", "part-x-0-0", boards(0))
    (tmp_path / "boards" / "day=2026-03-11").mkdir()
    (tmp_path / "boards" / "day=2026-03-11" / "part-y-0-0").write_text("no Parquet")
    import pyarrow.compute as pc

    found = dataset("boards", str(tmp_path)).to_table(filter=pc.field("day") == date(2026, 3, 10))
    assert found.num_rows == 1


def test_files_in_progress_and_notes_are_no_data(tmp_path: Path) -> None:
    put(tmp_path, "boards", "2026-03-10", "part-x-0-0", boards(0))
    for name in (".part-x-0-1.inprogress.abc", "_success", "_compacted-x.json"):
        (tmp_path / "boards" / "day=2026-03-10" / name).write_text("")
    assert [file.name for file in lake(tmp_path).visible("boards")] == ["part-x-0-0"]


def test_a_table_without_files_is_empty(tmp_path: Path) -> None:
    assert dataset("outcomes", str(tmp_path)).count_rows() == 0


def test_a_lake_of_another_kind_is_refused() -> None:
    with pytest.raises(UserError, match=r"ZIELZEIT_LAKE=gs://x: give a folder, or s3://bucket/prefix"):
        Lake.of(load(lake="gs://x"))


def test_the_lake_is_beside_the_stack_unless_said_otherwise(tmp_path: Path) -> None:
    assert load(local_dir=tmp_path).lake_uri == (tmp_path / "lake").as_uri()
    assert load(lake="s3://bucket/prefix/").lake_uri == "s3://bucket/prefix"


def test_the_summary_tells_missing_days_and_the_longest_hole_of_each_day(tmp_path: Path) -> None:
    put(tmp_path, "boards", "2026-03-10", "part-x-0-0", boards(0, 3, 50, 6))
    put(tmp_path, "boards", "2026-03-10", "part-x-0-1", boards(53))
    put(tmp_path, "boards", "2026-03-13", "part-x-0-2", boards(3 * 1440, 3 * 1440 + 1))
    one = summary(lake(tmp_path), "boards")
    assert [(day.day.day, day.rows, day.files) for day in one.days] == [(10, 5, 2), (13, 2, 1)]
    assert one.missing_days == [date(2026, 3, 11), date(2026, 3, 12)]
    assert [day.longest_hole_minutes for day in one.days] == [44.0, 3 * 1440 - 53]


def test_the_label_rate_is_the_share_of_runs_seen_to_their_end(tmp_path: Path) -> None:
    statuses = ["arrived", "arrived", "cancelled", "unlabelled"]
    rows = [{"id": str(index), "status": status} for index, status in enumerate(statuses)]
    put(tmp_path, "outcomes", "2026-03-10", "part-x-0-0", rows)
    (one,) = (found for found in summaries(lake(tmp_path)) if found.name == "outcomes")
    assert one.statuses == {"arrived": 2, "cancelled": 1, "unlabelled": 1}
    assert one.label_rate == 0.75


def test_the_command_lists_every_table_as_a_line_or_as_json(tmp_path: Path) -> None:
    put(tmp_path, "boards", "2026-03-10", "part-x-0-0", boards(0, 3))
    # Where tests run in several processes, COLUMNS is set and the command prints a table for a terminal.
    no_terminal = {"COLUMNS": None}
    lines = CliRunner().invoke(build(), ["lake", "--lake", str(tmp_path)], env=no_terminal).stdout.splitlines()
    assert lines[0].startswith("table boards, days 1, from 2026-03-10, to 2026-03-10, rows 2, files 1")
    assert len(lines) == 6
    told = json.loads(CliRunner().invoke(build(), ["lake", "--lake", str(tmp_path), "--json"]).stdout)
    assert told[0]["days"][0]["rows"] == 2


def test_an_empty_lake_says_how_to_fill_it(tmp_path: Path) -> None:
    assert "zielzeit store" in str(CliRunner().invoke(build(), ["lake", "--lake", str(tmp_path)]).exception)
