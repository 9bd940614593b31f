"""The packaged table of stations: tab-separated text, compressed by zstd, made by ``zielzeit.stations.build``.

A line has the fields source (``s``: a stop), EVA number, name, aliases, earlier names, codes and group; several values
in a field are separated by ``|``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import zstandard

from zielzeit.stations.own_file import read_own_file
from zielzeit.stations.register import Entry, StationRegister
from zielzeit.stations.source import Source
from zielzeit.stations.station import Station

STATIONS = "stations.tsv.zst"
"""Stations where trains call, and stops whose names compare equal to one of theirs."""
STOPS = "stops.tsv.zst"
"""Other stops near stations, which replacement buses serve; read when a name is not found among the stations."""
_PACKED = {name: files(__package__).joinpath("data", name).read_bytes() for name in (STATIONS, STOPS)}
"""Content of the files. It is read with the module: in thread mode a TaskManager keeps the modules of the first job
that it ran, and Flink removes that job's files when it ends."""


@cache
def packaged() -> StationRegister:
    """The register of the packaged table, loaded once per process."""
    return StationRegister(read(STATIONS), lambda: read(STOPS))


@cache
def register(own_file: str = "") -> StationRegister:
    """The packaged register with the user's file (``Settings.stations``) over it, loaded once per process.

    Raises UserError where the file cannot be read.
    """
    if not own_file:
        return packaged()
    return packaged().with_stations(read_own_file(Path(own_file).expanduser()), Source.OWN_FILE)


def read(name: str) -> Iterator[Entry]:
    """The entries of one of the packaged files."""
    return parse(zstandard.decompress(_PACKED[name]).decode())


def parse(text: str) -> Iterator[Entry]:
    """The entries of a table's text."""
    for line in text.splitlines():
        source, eva, name, aliases, earlier, codes, group = line.split("\t")
        yield (
            Source.STOP if source else Source.TABLE,
            Station(eva, name, _values(aliases), _values(earlier), _values(codes), group),
        )


def form(entries: Iterable[Entry]) -> str:
    """The text of a table of these entries, in the order of their EVA numbers."""
    lines = (
        "\t".join(
            (
                "s" if source is Source.STOP else "",
                one.eva,
                one.name,
                "|".join(one.aliases),
                "|".join(one.earlier),
                "|".join(one.codes),
                one.group,
            )
        )
        for source, one in sorted(entries, key=lambda entry: int(entry[1].eva))
    )
    return "".join(f"{line}\n" for line in lines)


def _values(field: str) -> tuple[str, ...]:
    return tuple(field.split("|")) if field else ()
