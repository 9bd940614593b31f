"""The table of known names that several commands print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zielzeit.features.known_names import KnownNames


def print_known(source: str, found: Sequence[KnownNames]) -> None:
    """Print how many names of a source are known, a line for each space."""
    from zielzeit.terminal_table import Column, show

    titles = ("names", "between known stations", "known", "share")
    columns = [Column(source), *(Column(title, right=True) for title in titles)]
    rows = [(f"{one.space}s", f"{one.shown:,}", f"{one.near:,}", f"{one.known:,}", f"{one.share:.2%}") for one in found]
    show(columns, rows)
