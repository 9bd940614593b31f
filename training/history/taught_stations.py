"""Stations that archives name by EVA number and the station register lacks: a file of own stations beside the examples.

Given as ``ZIELZEIT_STATIONS`` it teaches the job, the poller and later imports: numbers of stations that are newer than
the register, and names that only archives use.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from training import examples
from training.history.station_names import begins_alike
from zielzeit.stations.own_file import read_own_file
from zielzeit.stations.register import StationRegister
from zielzeit.stations.resolution import Match
from zielzeit.stations.source import Source
from zielzeit.stations.station import Station

FILE = "stations.csv"

Taught = tuple[str | None, str | None, str | None]
"""EVA number, archive's name and boards' name of a row."""


def lacking(register: StationRegister, taught: Iterable[Taught]) -> list[Station]:
    """Return the stations of an archive that have a name which the register lacks, with those names.

    Names that the register knows, or that several of its stations bear, are left to it. A number that stands for quite
    another name there is not believed.
    """
    found = []
    for station in StationRegister(()).with_names(taught).stations():
        names = [name for name in (station.name, *station.aliases) if register.find(name).match is Match.NONE]
        known = register.station(station.eva)
        if known is not None:
            if alike := tuple(name for name in names if begins_alike(name, known.name)):
                found.append(Station(station.eva, known.name, alike))
        elif names:
            found.append(Station(station.eva, names[0], tuple(names[1:])))
    return found


def keep(path: Path, stations: Iterable[Station]) -> int:
    """Add stations to the file and return how many it has; without any there is no file.

    Raises UserError if the file was changed and cannot be read.
    """
    earlier = read_own_file(path) if path.exists() else []
    together = StationRegister((Source.OWN_FILE, one) for one in (*earlier, *stations)).stations()
    if together:
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(("eva", "name", "aliases"))
        lines.writerows((one.eva, one.name, "|".join(one.aliases)) for one in together)
        examples.replace_file(path, text.getvalue().encode())
    return len(together)
