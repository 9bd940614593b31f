"""Stations that a person names on the command line: each is asked once, and parts of one station are pointed out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from zielzeit.errors import UserError
from zielzeit.stations.register import StationRegister


def read_stations(given: Iterable[str]) -> list[str]:
    """Stations from values that are names separated by commas, or ``@file`` with one name per line.

    Blank lines of a file and those that begin with ``#`` are left out. Raises UserError if a file cannot be read.
    """
    stations: list[str] = []
    for value in given:
        names = _lines(Path(value[1:])) if value.startswith("@") else value.split(",")
        stations += [name.strip() for name in names if name.strip()]
    return stations


def once_each(stations: Iterable[str], register: StationRegister) -> tuple[list[str], list[str]]:
    """The stations as they are to be asked for, the first spelling of each, and what to tell of the others."""
    first: dict[str, str] = {}
    told = []
    for name in stations:
        known = first.setdefault(register.resolve(name).key, name)
        if known != name:
            told.append(f"{name} is {known}, which is asked already")
    return list(first.values()), told


def parts_of_one(stations: Iterable[str], register: StationRegister) -> list[str]:
    """What to tell of stations that are parts of one: the board of each has the trains of the others, too."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in stations:
        groups[register.whole_of(register.resolve(name).key)].append(name)
    return [
        f"{', '.join(names)} are parts of one station, and their boards show the same trains: "
        "ask for one of them, or for each with --no-related"
        for names in groups.values()
        if len(names) > 1
    ]


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--stations @{path}: {error}; give a text file with one station a line") from None
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]
