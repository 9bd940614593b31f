"""Stations are named on the command line or in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from zielzeit.errors import UserError
from zielzeit.sources.station_list import read_stations


def test_names_by_commas_and_files_of_lines_are_joined_in_order(tmp_path: Path) -> None:
    file = tmp_path / "stations.txt"
    file.write_text("# Hesse\nHanau Hbf\n\n Fulda \n", encoding="utf-8")
    assert read_stations(["Frankfurt(Main)Hbf, 8000105", f"@{file}", "Mainz Hbf,"]) == [
        "Frankfurt(Main)Hbf", "8000105", "Hanau Hbf", "Fulda", "Mainz Hbf",
    ]  # fmt: skip


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UserError, match=r"--stations @nowhere\.txt"):
        read_stations(["@nowhere.txt"])
