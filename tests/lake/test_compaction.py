"""Days of many files become days of one; whatever is cut short, readers see every row exactly once."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.app import build
from tests.lake.handmade import lake, put
from training import examples
from zielzeit.errors import UserError
from zielzeit.lake import compaction
from zielzeit.lake.compaction import batches, compact, replace, tidy
from zielzeit.lake.reading import File, Lake, is_data

DAY = "2026-03-10"
STEPS = ("draft", "note", "name", "delete", "delete", "delete", "forget")


class Crash(Exception):
    """The process ends here."""


def filled(folder: Path, files: int = 3) -> Lake:
    for number in range(files):
        rows = [
            {"id": f"{number}-{row}", "known_at": datetime(2026, 3, 10, 12, tzinfo=UTC)} for row in range(number + 1)
        ]
        put(folder, "outcomes", DAY, f"part-x-0-{number}", rows)
    return lake(folder)


def rows(one: Lake) -> Counter[str]:
    return Counter(one.dataset("outcomes").to_table()["id"].to_pylist())


def names(one: Lake, table: str = "outcomes") -> list[str]:
    return [file.name for file in one.listing(table)]


def test_a_finished_day_becomes_one_file_with_the_same_rows(tmp_path: Path) -> None:
    one = filled(tmp_path)
    before = one.dataset("outcomes").to_table().sort_by("id")
    compact(one, quiet_seconds=0)
    (name,) = names(one)
    assert name.startswith("compacted-")
    assert name.endswith(".parquet")
    assert one.dataset("outcomes").to_table().sort_by("id").equals(before)
    assert compact(one, quiet_seconds=0) == []


@pytest.mark.parametrize("crash_at", range(len(STEPS)))
def test_after_a_crash_at_any_step_each_row_is_read_once_and_the_next_run_finishes(
    tmp_path: Path, crash_at: int
) -> None:
    one = filled(tmp_path)
    expected, taken = rows(one), list[str]()

    def step(what: str) -> None:
        assert rows(one) == expected, f"before {what}"
        if len(taken) == crash_at:
            raise Crash
        taken.append(what)

    with pytest.raises(Crash):
        replace(one, "outcomes", one.listing("outcomes"), step=step)
    assert taken == list(STEPS[:crash_at])
    assert rows(one) == expected
    compact(one, quiet_seconds=0)
    assert rows(one) == expected
    assert len(names(one)) == 1


def test_training_does_not_read_what_a_compaction_replaced_either(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path, "examples", DAY, f"part-x-0-{number}", [{"id": str(number), "station": "A"}])
    one, left = lake(tmp_path), ["draft", "note", "name", "delete"]

    def step(what: str) -> None:
        if left.pop(0) == "delete":
            raise Crash

    with pytest.raises(Crash):
        replace(one, "examples", one.listing("examples"), step=step)
    assert len(names(one, "examples")) == 5  # the three, the one, and the note
    assert len(examples.read(tmp_path / "examples")) == 3


def test_a_crash_while_the_draft_is_written_leaves_nothing_that_is_read(tmp_path: Path) -> None:
    one = filled(tmp_path)
    expected = rows(one)
    (tmp_path / "outcomes" / f"day={DAY}" / "_draft-compacted-1.parquet").write_bytes(b"PAR1 half a file")
    assert rows(one) == expected
    tidy(one, "outcomes", one.listing("outcomes"))
    assert all(is_data(name) for name in names(one))


def test_a_day_that_is_not_over_or_was_just_written_is_left_alone(tmp_path: Path) -> None:
    one = filled(tmp_path)
    assert compact(one, quiet_seconds=3600) == []
    during = datetime(2026, 3, 10, 22, 30, tzinfo=UTC).timestamp()
    assert compact(one, quiet_seconds=-1e12, now=lambda: during) == []
    over = datetime(2026, 3, 10, 23, 30, tzinfo=UTC).timestamp()  # half past midnight in Berlin
    assert compact(one, quiet_seconds=-1e12, now=lambda: over)


def test_a_second_compaction_at_the_same_time_is_refused(tmp_path: Path) -> None:
    one = filled(tmp_path)
    with compaction._alone(one), pytest.raises(UserError, match="another compaction"):
        compact(one, quiet_seconds=0)


def test_rows_that_come_for_a_compacted_day_are_read_and_compacted_too(tmp_path: Path) -> None:
    one = filled(tmp_path)
    compact(one, quiet_seconds=0)
    put(tmp_path, "outcomes", DAY, "part-y-0-0", [{"id": "late"}])
    expected = rows(one)
    assert expected["late"] == 1
    compact(one, quiet_seconds=0)
    assert rows(one) == expected
    assert len(names(one)) == 1


@given(st.lists(st.integers(1, 100), max_size=40), st.integers(50, 200))
def test_batches_hold_each_file_once_and_stay_below_the_target(sizes: list[int], target: int) -> None:
    files = [File(DAY, f"part-{number}", size, 0.0) for number, size in enumerate(sizes)]
    made = list(batches(files, target))
    taken = [file for batch in made for file in batch]
    assert len(set(taken)) == len(taken)
    assert all(len(batch) > 1 and sum(file.bytes for file in batch) <= target for batch in made)
    # What is left alone would not fit together.
    left = sorted(file.bytes for file in files if file not in taken)
    assert len(left) < 2 or left[0] + left[1] > target


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    filled(tmp_path)
    time.sleep(0.01)
    done = CliRunner().invoke(build(), ["lake", "compact", "--lake", str(tmp_path), "--quiet", "0"])
    assert f"outcomes {DAY}: one file of 3" in done.stdout
