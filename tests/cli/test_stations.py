"""``zielzeit stations find`` and ``check``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli.app import build
from zielzeit.errors import UserError
from zielzeit.settings import ROOT


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(build(), ["stations", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_find_shows_identity_names_code_and_group() -> None:
    code, text = run("find", "FF", "koeln  hbf", "8098105")
    assert code == 0
    assert "FF: Frankfurt(Main)Hbf (DS100 code); identity: 8000105" in text
    assert "Frankfurt (Main) Hbf" in text
    assert "koeln  hbf: Köln Hbf (name, spelled differently); identity: 8000207" in text
    assert "Frankfurt Hbf (tief) (EVA number); identity: 8098105" in text
    assert max(map(len, text.splitlines())) <= 80


def test_find_offers_similar_names_for_a_typo() -> None:
    code, text = run("find", "Frankfrut(Main)Hbf")
    assert code == 1
    assert "not found; identity: frankfrut main hbf" in text
    assert "Frankfurt(Main)Hbf [8000105]" in text


def test_find_reads_the_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.csv"
    file.write_text("eva,name\n8099998,Neubau Hbf\n")
    assert run("find", "Neubau Hbf")[0] == 1
    monkeypatch.setenv("ZIELZEIT_STATIONS", str(file))
    assert run("find", "Neubau Hbf")[0] == 0


def test_check_counts_the_names_on_boards_and_in_an_archive(tmp_path: Path) -> None:
    row = {
        "train": "S 1", "trainNumber": "1", "destination": "Köln Hbf", "scheduledDeparture": "10:00",
        "route": [{"name": "Köln Hbf"}, {"name": "Nirgendwo"}],
    }  # fmt: skip
    (tmp_path / "boards" / "Bonn Hbf").mkdir(parents=True)
    for minute in ("0930", "0935"):
        (tmp_path / "boards" / "Bonn Hbf" / f"20260310T{minute}.json").write_text(json.dumps({"departures": [row]}))
    table = pa.table({"station_name": ["Bonn Hbf", None, "Utopia"], "eva": ["08000044", "8000044", "8000044"]})
    pq.write_table(table, tmp_path / "month.parquet")
    code, text = run("check", tmp_path / "boards", tmp_path / "month.parquet")
    assert code == 0
    lines = [line.split() for line in text.splitlines()]
    assert ["polled", "stations", "1", "1", "100.00%", "100.00%"] in lines
    assert ["names", "on", "boards", "2", "1", "50.00%", "66.67%"] in lines
    assert ["month.parquet:", "station_name", "2", "1", "50.00%", "50.00%"] in lines
    assert ["month.parquet:", "eva", "2", "2", "100.00%", "100.00%"] in lines
    assert ["2", "Nirgendwo"] in lines
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("text", ["eva,name\nFF,Neubau\n", "eva\n"])
def test_a_bad_own_file_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    file = tmp_path / "own.csv"
    file.write_text(text)
    monkeypatch.setenv("ZIELZEIT_STATIONS", str(file))
    with pytest.raises(UserError, match=r"own\.csv, line"):
        run("find", "FF")


def test_check_refuses_a_parquet_file_without_stations(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), tmp_path / "other.parquet")
    with pytest.raises(UserError, match="has none of the columns"):
        run("check", tmp_path / "other.parquet")


def test_the_command_says_errors_without_a_trace(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli.app", "stations", "check", tmp_path / "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "does not exist" in done.stderr
    assert "Traceback" not in done.stderr
