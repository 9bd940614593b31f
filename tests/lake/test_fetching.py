"""A table is copied whole, each file once, and the copy follows the lake."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import build
from tests.lake.handmade import lake, put
from zielzeit.errors import UserError
from zielzeit.lake.compaction import compact
from zielzeit.lake.fetching import fetch

ROW = {"id": "1", "train": "RE 7"}


def rows(folder: Path) -> int:
    return lake(folder).dataset("examples").count_rows()


def test_a_table_is_copied_once_and_follows_the_lake(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for number in range(3):
        put(there, "examples", "2026-03-10", f"part-x-0-{number}", [ROW])
    (there / "examples" / "day=2026-03-10" / ".part-x-0-9.inprogress").write_text("half")
    assert fetch(lake(there), "examples", here) == 3
    assert (fetch(lake(there), "examples", here), rows(here)) == (0, 3)
    (merged,) = compact(lake(there), now=lambda: 4e9)
    assert merged.files == 3
    assert (fetch(lake(there), "examples", here), rows(here)) == (1, 3)


def test_the_command_copies_the_lake_of_the_settings(tmp_path: Path) -> None:
    put(tmp_path / "there", "examples", "2026-03-10", "part-x-0-0", [ROW])
    arguments = ["lake", "fetch", "examples", str(tmp_path / "here"), "--lake", str(tmp_path / "there")]
    done = CliRunner().invoke(build(), arguments)
    assert done.exit_code == 0, done.output
    assert rows(tmp_path / "here") == 1


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no table 'example'.*examples"):
        fetch(lake(tmp_path), "example", tmp_path)
    with pytest.raises(UserError, match="holds nothing of the table examples"):
        fetch(lake(tmp_path), "examples", tmp_path / "here")
