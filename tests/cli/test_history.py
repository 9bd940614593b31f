"""``zielzeit history check`` and ``import``: exit codes, what is printed, and the folder after an error."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from cli.app import build
from tests.training.history.archives import monthly, stop, with_one_flag
from zielzeit.errors import UserError

DAY = "2026-03-10"
ICE = ("ICE", "905", None)


@pytest.fixture
def month(tmp_path: Path) -> Path:
    """A month with one flag; the second stop is unclear, the third row has no station."""
    frame = monthly(
        stop("A", None, f"{DAY} 09:00", cancelled=(False, True), position=1, train=ICE),
        stop("B", f"{DAY} 09:10", f"{DAY} 09:12", cancelled=(True, False), position=2, train=ICE),
        stop("", f"{DAY} 09:20", f"{DAY} 09:22", position=3, train=ICE),
        stop("D", f"{DAY} 10:10", f"{DAY} 10:12", late=(3, 4), position=4, train=ICE),
        stop("E", f"{DAY} 10:50", None, late=(7, 0), position=5, train=ICE),
    )
    path = tmp_path / "month.parquet"
    with_one_flag(frame).write_parquet(path)
    return path


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(build(), ["history", *map(str, arguments)], env={"COLUMNS": "80"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_check_says_what_an_import_would_read_and_drop(month: Path) -> None:
    before = sorted(month.parent.iterdir())
    code, text = run("check", month)
    assert code == 0
    lines = {
        line.rsplit(maxsplit=1)[0].strip(): line.rsplit(maxsplit=1)[1] for line in text.splitlines() if " " in line
    }
    assert (lines["read"], lines["examples"], lines["… without label"]) == ("5", "1", "0")
    assert lines["left out: no station"] == "1"
    assert lines["left out: cancelled, but unclear what"] == "1"
    assert "train_number" in text
    assert max(len(line) for line in text.splitlines() if str(month) not in line) <= 80
    assert sorted(month.parent.iterdir()) == before


def test_check_names_each_file_that_would_be_refused(month: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.parquet"
    pl.read_parquet(month).with_columns(is_canceled=pl.lit(None, pl.Boolean)).write_parquet(bad)
    code, text = run("check", bad, month, tmp_path / "missing.parquet")
    assert code == 2
    assert f"refused: {bad}, column is_canceled, row 1: null (bool); expected true or false, and no null" in text
    assert f"refused: no such file: {tmp_path / 'missing.parquet'}" in text
    assert "examples" in text


def test_import_of_a_bad_file_writes_nothing(month: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.parquet"
    pl.read_parquet(month).with_columns(is_canceled=pl.lit(None, pl.Boolean)).write_parquet(bad)
    with pytest.raises(UserError, match="column is_canceled, row 1"):
        run("import", month, bad, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert run("import", month, "--out", tmp_path / "out")[0] == 0
