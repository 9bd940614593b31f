"""The stations that a person names on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zielzeit.errors import UserError


def read_stations(given: Iterable[str]) -> list[str]:
    """Stations from values that are names by commas or ``@file``: one a line, blank lines and ``#`` comments aside.

    Raises UserError where a file cannot be read.
    """
    stations: list[str] = []
    for value in given:
        names = _lines(Path(value[1:])) if value.startswith("@") else value.split(",")
        stations += [name.strip() for name in names if name.strip()]
    return stations


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--stations @{path}: {error}; give a text file with one station a line") from None
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]
