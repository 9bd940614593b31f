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
from tests.features.test_key_names import ARCHIVE, BOARDS, observe
from tests.model.model_folders import with_network, write_model
from zielzeit.errors import UserError
from zielzeit.features.network_state import NetworkState
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


def boards_of_a_train(folder: Path, station: str) -> Path:
    """A board with a train that goes on by two stops, and an S-Bahn train."""
    route = [{"name": name} for name in (station, "Koeln Messe Deutz", "KÖLN HAUPTBAHNHOF")]
    rows = [
        {
            "train": train, "trainNumber": "4711", "destination": "KÖLN HAUPTBAHNHOF", "scheduledDeparture": "10:00",
            "route": route,
        }
        for train in ("RE 7", "S 1")
    ]  # fmt: skip
    (folder / station).mkdir(parents=True)
    (folder / station / "20260310T0930.json").write_text(json.dumps({"departures": rows}))
    return folder


def test_check_says_what_a_state_of_the_archives_names_knows_of_boards(tmp_path: Path) -> None:
    state = NetworkState(station_key=str)  # as before November 2026: by spellings
    observe(state, ARCHIVE, range(3))
    (tmp_path / "state.bin").write_bytes(state.to_bytes())
    boards = boards_of_a_train(tmp_path / "boards", BOARDS[0])
    code, text = run("check", boards, "--state", tmp_path / "state.bin")
    assert code == 0
    lines = [line.split() for line in text.splitlines()]
    assert ["stations", "3", "3", "3", "100.00%"] in lines
    for space, count in (("hops", "2"), ("trains", "1"), ("services", "1"), ("relations", "1")):
        assert [space, count, count, count, "100.00%"] in lines
    assert ["by", "category", "S", "1"] in lines
    assert max(map(len, text.splitlines())) <= 80


def test_check_says_the_same_of_the_state_that_a_model_carries(tmp_path: Path) -> None:
    """The station of a file whose folder does not name it is named by --station."""
    state = NetworkState()
    observe(state, ARCHIVE, range(3))
    model = with_network(write_model(tmp_path / "model", growth=0.0), state)
    folder = boards_of_a_train(tmp_path, BOARDS[0]) / BOARDS[0]
    folder = folder.rename(tmp_path / "recorded")
    code, text = run("check", folder, "--model", model, "--station", BOARDS[0])
    assert code == 0
    lines = [line.split() for line in text.splitlines()]
    assert ["relations", "1", "1", "1", "100.00%"] in lines


def test_check_refuses_what_it_cannot_check(tmp_path: Path) -> None:
    boards = boards_of_a_train(tmp_path / "boards", BOARDS[0])
    bare = write_model(tmp_path / "model", growth=0.0)
    with pytest.raises(UserError, match="carries no state of the network"):
        run("check", boards, "--model", bare)
    with pytest.raises(UserError, match="exclude each other"):
        run("check", boards, "--model", bare, "--state", tmp_path / "state.bin")
    pq.write_table(pa.table({"station": ["Bonn Hbf"]}), tmp_path / "month.parquet")
    with pytest.raises(UserError, match="need recorded boards"):
        run("check", tmp_path / "month.parquet", "--model", bare)


def test_check_refuses_a_file_that_is_no_state(tmp_path: Path) -> None:
    boards = boards_of_a_train(tmp_path / "boards", BOARDS[0])
    (tmp_path / "state.bin").write_bytes(b"nothing")
    with pytest.raises(UserError, match="not a stored network state"):
        run("check", boards, "--state", tmp_path / "state.bin")


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


def test_check_refuses_a_parquet_file_that_is_damaged(tmp_path: Path) -> None:
    pq.write_table(pa.table({"station": [f"Bonn {n}" for n in range(1000)]}), tmp_path / "month.parquet")
    data = bytearray((tmp_path / "month.parquet").read_bytes())
    data[40:1000] = bytes(960)
    (tmp_path / "month.parquet").write_bytes(data)
    with pytest.raises(UserError, match=r"month\.parquet is not a readable Parquet file"):
        run("check", tmp_path / "month.parquet")


def test_the_command_says_errors_without_a_trace(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli.app", "stations", "check", tmp_path / "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "does not exist" in done.stderr
    assert "Traceback" not in done.stderr
