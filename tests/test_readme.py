"""What README.md promises is there: commands exist, every dependency is named with its reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from zielzeit.settings import ROOT

README = (ROOT / "README.md").read_text()


def _required(file: Path) -> list[str]:
    lines = (line.strip() for line in file.read_text().splitlines())
    return [re.split(r"[<=>[]", line)[0] for line in lines if line and not line.startswith(("#", "-"))]


REQUIREMENTS = ["requirements.in", "requirements-dev.in", "deploy/airflow/requirements.in"]


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_dependency_is_in_the_table(name: str) -> None:
    rows = set(re.findall(r"^\| ([\w-]+) \|", README, re.MULTILINE))
    assert set(_required(ROOT / name)) - rows == set()


def test_no_dependency_in_the_table_is_gone() -> None:
    table = README[README.index("## What it is built on") :]
    rows = set(re.findall(r"^\| ([\w-]+) \|", table, re.MULTILINE)) - {"package"}
    required = {name for file in REQUIREMENTS for name in _required(ROOT / file)}
    assert rows - required == set()


def test_every_command_says_in_one_line_what_it_does() -> None:
    from cli.app import build

    for name, command in get_command(build()).commands.items():  # type: ignore[attr-defined]
        assert command.get_short_help_str(), name


@pytest.mark.parametrize("page", ["docs/lake.md", "docs/data.md"])
def test_the_lines_that_read_the_lake_do(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    from tests.lake.handmade import put
    from zielzeit.lake.reading import dataset

    put(tmp_path, "outcomes", "2026-03-10", "part-x-0-0", [{"id": "1", "predicted_delay": 4.0, "observed_delay": 6}])
    monkeypatch.setenv("ZIELZEIT_LAKE", str(tmp_path))
    text = (ROOT / page).read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(code, {})  # noqa: S102 - the page's own line
    outcomes = dataset("outcomes")
    assert outcomes.count_rows() == 1
    (sql,) = re.findall(r'duckdb\.sql\("(.*?)"\)', text)
    assert duckdb.sql(sql).fetchall()[0][1] == 2.0
