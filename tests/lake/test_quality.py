"""Each fault of the newest days of the lake is told, and those of older days are not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import build
from tests.lake.handmade import put
from zielzeit.lake.listing import Day, TableSummary
from zielzeit.lake.quality import faults

TODAY = date(2026, 3, 10)


def table(*days: int, name: str = "boards", hole: float | None = 3.0, missing: tuple[int, ...] = ()) -> TableSummary:
    """A table with these days of March 2026."""
    found = [Day(day=date(2026, 3, day), rows=1, files=1, bytes=1, longest_hole_minutes=hole) for day in days]
    return TableSummary(name=name, days=found, missing_days=[date(2026, 3, day) for day in missing])


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (table(8, 9, 10), []),
        (table(7, hole=None, name="outcomes"), []),
        (table(), ["boards: the table is empty"]),
        (table(name="early-outcomes"), []),
        (
            table(5, 6, name="early-outcomes", hole=None),
            ["early-outcomes: stale, the newest day is 2026-03-06, more than 3 days before 2026-03-10"],
        ),
        (table(5, 6), ["boards: stale, the newest day is 2026-03-06, more than 3 days before 2026-03-10"]),
        (table(1, 7, 9, missing=(2, 8)), ["boards: 1 days missing, the first 2026-03-08"]),
        (table(1, 9, hole=31.0), ["boards: 31 minutes without a board on 2026-03-09"]),
    ],
)
def test_faults_of_the_last_days_are_told(one: TableSummary, told: list[str]) -> None:
    assert faults([one], TODAY, days=7, stale_days=3, hole_minutes=30.0) == told


def test_the_command_tells_the_faults_of_a_lake_and_fails(tmp_path: Path) -> None:
    put(tmp_path, "boards", "2026-03-09", "part-x-0-0", [{"polled_at": datetime(2026, 3, 9, 12, tzinfo=UTC)}])
    done = CliRunner().invoke(build(), ["lake", "check", "--lake", str(tmp_path), "--today", "2026-03-10"])
    assert done.exit_code == 1
    assert "predictions: the table is empty" in done.output
    assert "examples: 0 days of examples, too few to train on" in done.output
    assert "boards: " not in done.output


def test_the_examples_are_those_of_the_lake_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    lines = set()
    for day in range(1, 11):
        put(tmp_path / "lake", "examples", f"2026-03-{day:02}", "part", [{"id": str(day)}])
    for lake in (tmp_path / "lake", (tmp_path / "lake").as_uri(), "~/lake"):
        done = CliRunner().invoke(build(), ["lake", "check", "--lake", str(lake), "--today", "2026-03-11"])
        lines.add(tuple(line for line in done.output.splitlines() if line.startswith("examples: ")))
    (told,) = lines
    assert not any("0 days" in line for line in told)
