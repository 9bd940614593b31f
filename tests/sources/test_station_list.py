"""Stations are named on the command line or in a file."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from zielzeit.errors import UserError
from zielzeit.sources.station_list import once_each, parts_of_one, read_stations
from zielzeit.stations.table import packaged


def test_names_by_commas_and_files_of_lines_are_joined_in_order(tmp_path: Path) -> None:
    file = tmp_path / "stations.txt"
    file.write_text("# Hesse\nHanau Hbf\n\n Fulda \n", encoding="utf-8")
    assert read_stations(["Frankfurt(Main)Hbf, 8000105", f"@{file}", "Mainz Hbf,"]) == [
        "Frankfurt(Main)Hbf", "8000105", "Hanau Hbf", "Fulda", "Mainz Hbf",
    ]  # fmt: skip


def test_each_station_is_asked_for_once_by_the_first_of_its_spellings() -> None:
    names = ["FF", "Kiel Hbf", "Frankfurt (Main) Hbf", unicodedata.normalize("NFD", "Köln Hbf"), "8000105", "KOELN HBF"]
    asked, told = once_each(names, packaged())
    assert asked == names[:2] + names[3:4]
    assert told[0] == "Frankfurt (Main) Hbf is FF, which is asked already"
    assert len(told) == 3
    assert once_each(["Musterstadt Hbf", "MUSTERSTADT Hauptbahnhof"], packaged())[0] == ["Musterstadt Hbf"]


def test_parts_of_one_station_are_pointed_out() -> None:
    names = ["Frankfurt(Main)Hbf", "Kiel Hbf", "Frankfurt Hbf (tief)", "Musterstadt Hbf", "Musterstadt Hbf (tief)"]
    told = parts_of_one(names, packaged())
    assert [one.split(" are parts")[0] for one in told] == [
        "Frankfurt(Main)Hbf, Frankfurt Hbf (tief)", "Musterstadt Hbf, Musterstadt Hbf (tief)",
    ]  # fmt: skip
    assert parts_of_one(names[:2], packaged()) == []


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UserError, match=r"--stations @nowhere\.txt"):
        read_stations(["@nowhere.txt"])
