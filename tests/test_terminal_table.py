"""A narrow terminal shows fewer columns, and every word and figure of those whole."""

from __future__ import annotations

import pytest

from zielzeit.terminal_table import Column, fitting, fitting_line, show

COLUMNS = [
    Column("part"),
    Column("pid", rank=2, right=True),
    Column("restarts", rank=1, right=True),
    Column("address"),
    Column("notes", rank=3, text=True),
]
ROWS = [
    ("taskmanager-1", "1234567", "98", "http://127.0.0.1:8081", "it was started again twelve times since yesterday"),
    ("kafka", "[green]7[/]", "0", "127.0.0.1:9092", ""),
]


@pytest.mark.parametrize(
    ("width", "shown"),
    [(None, 5), (130, 5), (77, 5), (76, 4), (55, 4), (54, 3), (46, 3), (45, 2), (10, 2)],
)
def test_the_columns_of_the_highest_rank_go_first(width: int | None, shown: int) -> None:
    kept = fitting(COLUMNS, ROWS, width)
    by_rank = sorted(range(5), key=lambda index: COLUMNS[index].rank)
    assert kept == sorted(by_rank[:shown])


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_nothing_is_cut_and_what_is_missing_is_named(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    show(COLUMNS, ROWS, "The stack")
    text = capsys.readouterr().out
    assert all(len(line) <= width for line in text.splitlines())
    assert "…" not in text
    for column, cell in zip(COLUMNS, ROWS[0], strict=True):
        missing = "Not shown" in text and column.title in text.split("Not shown")[1]
        assert all(word in text for word in cell.split()) is not missing


def test_output_that_is_no_terminal_has_all_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    show(COLUMNS, ROWS)
    assert ROWS[0][-1] in capsys.readouterr().out


def test_a_line_that_is_too_long_loses_its_last_parts() -> None:
    parts = ["07:00:00", "Frankfurt(Main)Hbf", "250 rows", "http://127.0.0.1:8092/a"]
    assert fitting_line(parts, None) == "  ".join(parts)
    assert fitting_line(parts, 40) == "07:00:00  Frankfurt(Main)Hbf  250 rows"
    assert fitting_line(parts, 5) == "07:00:00"
