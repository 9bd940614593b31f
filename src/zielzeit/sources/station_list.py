"""Stations that a person names on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zielzeit.errors import UserError


def read_stations(given: Iterable[str]) -> list[str]:
    """Stations from values that are names separated by commas, or ``@file`` with one name per line.

    Blank lines of a file and those that begin with ``#`` are left out. Raises UserError if a file cannot be read.
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
