"""Tables for a terminal: where it is narrow, whole columns are left out instead of words and figures being cut."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

_SPACE = 2
"""Between two columns."""
_LEAST_TEXT = 20
"""A column of sentences may be wrapped to this width, not below it."""

Cell = str | Text


class Column(NamedTuple):
    """A column of a table."""

    title: str
    rank: int = 0
    """0: always shown. Of the others those with the highest rank are left out first."""
    right: bool = False
    """Figures stand at the right."""
    text: bool = False
    """Sentences, which may be wrapped between words."""


def fitting(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int | None) -> list[int]:
    """Indices of the columns to show in so many characters; None: all of them."""
    widths = [_needed(column, [row[index] for row in rows]) for index, column in enumerate(columns)]
    return fitting_widths(columns, widths, width)


def fitting_widths(columns: Sequence[Column], widths: Sequence[int], width: int | None) -> list[int]:
    """Indices of the columns to show, by the width that each needs."""
    kept = list(range(len(columns)))

    def too_wide() -> bool:
        return width is not None and sum(widths[index] for index in kept) + _SPACE * (len(kept) - 1) > width

    while too_wide() and (leaving := max(kept, key=lambda index: columns[index].rank)) and columns[leaving].rank:
        kept.remove(leaving)
    return kept


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], kept: Sequence[int]) -> Table:
    """A table of the columns that are kept; strings may hold rich's markup."""
    grid = Table(box=None, pad_edge=False, padding=(0, _SPACE, 0, 0), header_style="bold")
    for column in (columns[index] for index in kept):
        grid.add_column(column.title, justify="right" if column.right else "left", no_wrap=False, overflow="fold")
    for row in rows:
        grid.add_row(*(row[index] for index in kept))
    return grid


def show(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], title: str = "") -> None:
    """Print a table to standard output, as wide as the terminal at most, and which columns that left out."""
    width = output_width()
    kept = fitting(columns, rows, width)
    console = Console(width=width or 10_000)
    if title:
        console.print(f"[bold]{title}[/]")
    console.print(table(columns, rows, kept))
    if left_out := dict.fromkeys(column.title for index, column in enumerate(columns) if index not in kept):
        console.print(f"[dim]Not shown at {width} characters: {', '.join(left_out)}[/]", highlight=False)


def fitting_line(parts: Sequence[str], width: int | None) -> str:
    """The parts in a line of so many characters; the last ones are left out where it would be longer."""
    line = parts[0]
    for part in parts[1:]:
        longer = f"{line}{' ' * _SPACE}{part}"
        if width is not None and len(longer) > width:
            break
        line = longer
    return line


def output_width() -> int | None:
    """Characters in a line of standard output; None where it is no terminal and the environment names no COLUMNS."""
    return Console().width if sys.stdout.isatty() or "COLUMNS" in os.environ else None


def cell_width(cell: Cell) -> int:
    """Characters that a cell takes; strings may hold rich's markup."""
    return (cell if isinstance(cell, Text) else Text.from_markup(cell)).cell_len


def _needed(column: Column, cells: Sequence[Cell]) -> int:
    longest = max(map(cell_width, (column.title, *cells)))
    return min(longest, _LEAST_TEXT) if column.text else longest
