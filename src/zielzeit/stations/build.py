"""Make the packaged table of stations out of pinned npm packages: ``python -m zielzeit.stations.build``.

`db-hafas-stations` has the EVA numbers, the names of boards, positions and superior stations of 290,000 stops;
`db-stations` the names of the station register, which archives use, and the DS100 codes of 5,388 stations. Older
versions of both have earlier names. The same packages make the same table.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import zstandard

from zielzeit.stations import npm, table
from zielzeit.stations.npm import Package
from zielzeit.stations.parts import Place, distance, is_part
from zielzeit.stations.register import Entry
from zielzeit.stations.source import Source
from zielzeit.stations.spelling import comparable, composed
from zielzeit.stations.station import Station

BOARDS = Package("db-hafas-stations", "2.0.0", "46f37ef61492f94864c78d773181e2681970d13619f011abc14208b9b3bc8996")
REGISTER = Package("db-stations", "5.0.2", "ad5b6cb1d718f82c286e6a4af058b9f92f3c7cbf376bb2c3c25e2f84e6a91833")
EARLIER_BOARDS = (
    Package("db-hafas-stations", "1.1.0", "94d278f1967deb5a467b1f84e2153aef7fd30c179b44dcce7783bc04597b3887"),
    Package("db-hafas-stations", "1.0.0", "ee5ebe6872634067baa43aeb4b5b69b1a567051a3e11fc0571560abcfe133ab1"),
)
EARLIER_REGISTERS = (
    Package("db-stations", "4.0.0", "6505473ea2fda10a43b044deba88f632be2a39af387b7679c0db9ec7c4359036"),
    Package("db-stations", "1.35.0", "94cd10348dbd78a397b48fd1f0ba89688a6a3bf96f8516355d2542e2156b1cb1"),
)
PACKAGES = (BOARDS, REGISTER, *EARLIER_BOARDS, *EARLIER_REGISTERS)

_TRAINS = ("nationalExpress", "national", "regionalExpress", "regional", "suburban")
_EVA_DIGITS = 7
_RAILWAYS = "5678"
"""First digits of the UIC country codes with which seven-digit EVA numbers of railways begin."""
_STOPS_WITHIN_KM = 1.0
_CELL_DEGREES = 0.02
"""Larger than a kilometre both ways anywhere in Germany: a stop's neighbours stand in its cell or one beside it."""


Line = TypeVar("Line")


class _Location(msgspec.Struct, frozen=True):
    latitude: float
    longitude: float


class _Superior(msgspec.Struct, frozen=True):
    id: str


class _Stop(msgspec.Struct, frozen=True):
    """A line of ``db-hafas-stations``."""

    id: str
    name: str
    location: _Location
    products: dict[str, bool] = {}
    station: _Superior | None = None
    stadaId: str | None = None
    ril100Ids: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        return Place(self.name, self.location.latitude, self.location.longitude, self.stadaId)

    @property
    def has_trains(self) -> bool:
        return any(self.products.get(product) for product in _TRAINS)

    @property
    def has_railway_number(self) -> bool:
        return len(self.id) == _EVA_DIGITS and self.id[0] in _RAILWAYS

    @property
    def is_railway(self) -> bool:
        return self.has_railway_number or self.has_trains or bool(self.ril100Ids or self.stadaId)

    @property
    def source(self) -> Source:
        """Stops of buses may say that trains call there, but have no number of the railway's."""
        return Source.TABLE if self.ril100Ids or (self.has_railway_number and self.has_trains) else Source.STOP


class _Point(msgspec.Struct, frozen=True):
    coordinates: tuple[float, float]


class _Code(msgspec.Struct, frozen=True):
    rilIdentifier: str
    isMain: bool
    geographicCoordinates: _Point | None = None


class _Registered(msgspec.Struct, frozen=True):
    """A line of ``db-stations``."""

    id: str
    name: str
    ril100Identifiers: tuple[_Code, ...] = ()


class Table(NamedTuple):
    """The two packaged files as entries."""

    stations: list[Entry]
    stops: list[Entry]


def build(packed: Mapping[Package, bytes]) -> Table:
    """The table out of the packages' archives."""
    stops = {one.id: one for one in _lines(packed[BOARDS], "full.ndjson", _Stop)}
    registered = {one.id: one for one in _lines(packed[REGISTER], "full.ndjson", _Registered)}
    groups = _groups(stops)
    codes = _codes(stops, registered, groups)
    present = {eva: _present(one, registered.get(eva)) for eva, one in stops.items()}
    earlier = _earlier(packed, present)

    stations: list[Entry] = []
    others: list[Entry] = []
    railway = {eva for eva, one in stops.items() if one.is_railway}
    spellings = {comparable(name) for eva in railway for name in (*present[eva], *earlier.get(eva, ()))}
    near = _near(stops, railway, groups)
    for eva, stop in stops.items():
        if eva not in railway and eva not in near:
            continue
        name, *aliases = present[eva]
        station = Station(
            eva, name, tuple(aliases), tuple(earlier.get(eva, ())), tuple(sorted(codes.get(eva, ()))), groups[eva]
        )
        if eva in railway:
            stations.append((stop.source, station))
        else:
            # Beside the stations stands what belongs to one, so that groups are whole, and what is spelled like one, so
            # that an exact match is found before a normalised one.
            beside = groups[eva] or comparable(name) in spellings
            (stations if beside else others).append((Source.STOP, station))
    return Table(stations, others)


def write(made: Table, folder: Path) -> None:
    """Write the table's files."""
    for name, entries in ((table.STATIONS, made.stations), (table.STOPS, made.stops)):
        (folder / name).write_bytes(zstandard.compress(table.form(entries).encode(), 19))


def main() -> None:
    """Fetch, build, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "data", help="folder of the table's files")
    parser.add_argument("--cache", type=Path, help="folder that keeps the packages' archives")
    given = parser.parse_args()
    made = build({package: npm.fetch(package, given.cache) for package in PACKAGES})
    write(made, given.out)
    print(f"{given.out}: {len(made.stations):,} stations, {len(made.stops):,} stops")


def _lines(packed: bytes, name: str, kind: type[Line]) -> Iterator[Line]:
    decoder = msgspec.json.Decoder(kind)
    return map(decoder.decode, npm.member(packed, name).splitlines())


def _groups(stops: Mapping[str, _Stop]) -> dict[str, str]:
    """The railway station that each stop is a part of, or empty; superior stations have none above them."""
    groups = dict.fromkeys(stops, "")
    for eva, stop in stops.items():
        whole = None if stop.station is None else stops.get(stop.station.id)
        if whole is not None and whole.id != eva and whole.is_railway and is_part(stop.place, whole.place):
            groups[eva] = whole.id
    return groups


def _codes(
    stops: Mapping[str, _Stop], registered: Mapping[str, _Registered], groups: Mapping[str, str]
) -> dict[str, set[str]]:
    """DS100 codes by EVA number. The board's source gives all codes of a station to all its parts: positions tell."""
    parts: dict[str, list[str]] = defaultdict(list)
    for eva, whole in groups.items():
        if whole:
            parts[whole].append(eva)
    codes: dict[str, set[str]] = defaultdict(set)
    placed: set[str] = set()
    for eva, one in registered.items():
        members = [eva, *(other for other in parts[eva] if stops[other].source is Source.TABLE)]
        for code in one.ril100Identifiers:
            placed.add(_code(code.rilIdentifier))
            point = None if code.isMain else code.geographicCoordinates
            codes[_nearest(members, stops, point) if point else eva].add(_code(code.rilIdentifier))
    for eva, stop in stops.items():
        for text in map(_code, stop.ril100Ids):
            if text not in placed:
                codes[groups[eva] or eva].add(text)
    return codes


def _nearest(members: Iterable[str], stops: Mapping[str, _Stop], point: _Point) -> str:
    """The member at the code's position; the first of several that are as near."""
    longitude, latitude = point.coordinates
    return min(members, key=lambda eva: distance(stops[eva].place, Place("", latitude, longitude)))


def _code(text: str) -> str:
    return " ".join(text.split())


def _present(stop: _Stop, registered: _Registered | None) -> list[str]:
    """Name on boards, then other present names."""
    names = [composed(stop.name)] + ([] if registered is None else [composed(registered.name)])
    return list(dict.fromkeys(names))


def _earlier(packed: Mapping[Package, bytes], present: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Names that older versions have and that are no present name of the same station."""
    names: dict[str, dict[str, None]] = defaultdict(dict)
    for package in EARLIER_BOARDS:
        for eva, name, _ in _lines(packed[package], "data.ndjson", tuple[str, str, float]):
            names[eva][composed(name)] = None
    for package in EARLIER_REGISTERS:
        for one in _lines(packed[package], "data.ndjson", _Registered):
            names[one.id][composed(one.name)] = None
    return {
        eva: left
        for eva, given in names.items()
        if eva in present and (left := [name for name in given if name and name not in present[eva]])
    }


def _near(stops: Mapping[str, _Stop], railway: set[str], groups: Mapping[str, str]) -> set[str]:
    """Stops up to a kilometre from a railway station of the register, and parts of stations."""
    cells: dict[tuple[int, int], list[Place]] = defaultdict(list)
    for eva in railway:
        if stops[eva].ril100Ids:
            cells[_cell(stops[eva].place)].append(stops[eva].place)

    def is_near(place: Place) -> bool:
        row, column = _cell(place)
        return any(
            distance(place, station) < _STOPS_WITHIN_KM
            for y in (row - 1, row, row + 1)
            for x in (column - 1, column, column + 1)
            for station in cells.get((y, x), ())
        )

    return {eva for eva, one in stops.items() if eva not in railway and (groups[eva] in railway or is_near(one.place))}


def _cell(place: Place) -> tuple[int, int]:
    return int(place.latitude / _CELL_DEGREES), int(place.longitude / _CELL_DEGREES)


if __name__ == "__main__":
    main()
