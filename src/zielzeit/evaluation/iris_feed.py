"""Recorded IRIS feeds: planned stops and every change of an event, as ``../shared/data`` keeps them.

Two layouts: one station polled every 30 seconds (``changes_dedup.csv.gz``), and many stations of which a change names
the station (``changes.csv.gz``). Planned times are ``YYMMDDHHMM`` on Berlin's clocks. A change carries the new time
``ct``, the state ``cs`` (``c`` cancelled, ``p`` planned again, ``a`` added), platform ``cp`` and path ``cpth``; what it
leaves empty stays as it was.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import msgspec

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE
from zielzeit.errors import UserError

PLAN = "plan_stops.csv.gz"
CHANGES = ("changes_dedup.csv.gz", "changes.csv.gz")


class Event(msgspec.Struct):
    """A stop's arrival or departure as far as it is known."""

    planned: str = ""
    """Empty where there is no such event."""
    actual: str = ""
    state: str = ""
    platform: str = ""
    path: str = ""
    """Stops before the arrival or after the departure, joined by ``|``."""
    known: bool = False
    """Whether any change was seen."""
    state_at: int = 0
    """When ``state`` was last said, milliseconds."""

    @property
    def runs(self) -> bool:
        """Whether there is such an event and it is not cancelled."""
        return bool(self.planned) and self.state != "c"

    @property
    def believed(self) -> int:
        """Milliseconds of the last time said."""
        return milliseconds(self.actual or self.planned)

    @property
    def delay(self) -> int:
        """Minutes."""
        return (self.believed - milliseconds(self.planned)) // MINUTE


class Stop(msgspec.Struct):
    """A train at a station."""

    station: str
    category: str
    number: str
    line: str
    start: str
    """Planned start of its run."""
    arrival: Event
    departure: Event


class Change(msgspec.Struct, frozen=True):
    """Something new about one event."""

    at: int
    """Milliseconds."""
    stop_id: str
    row: dict[str, str]


@lru_cache(maxsize=65536)
def milliseconds(text: str) -> int:
    """Of ``YYMMDDHHMM`` on Berlin's clocks."""
    return berlin_time.milliseconds(datetime.strptime(text, "%y%m%d%H%M").replace(tzinfo=berlin_time.BERLIN))


def read_plan(folder: Path, station: str | None) -> dict[str, Stop]:
    """Planned stops by id; ``station`` names the one of a folder that does not. Raises UserError without either."""
    stops = {}
    for line in _lines(folder / PLAN):
        stops[line["stop_id"]] = Stop(
            station=_station(line, station, folder),
            category=line["category"],
            number=line["train_number"],
            line=line["line"],
            start=line["start_ts"],
            arrival=Event(line["ar_pt"], platform=line["ar_pp"], path=line.get("ar_path", line.get("path_pre", ""))),
            departure=Event(line["dp_pt"], platform=line["dp_pp"], path=line.get("dp_path", line.get("path_post", ""))),
        )
    return stops


def read_changes(folder: Path) -> list[Change]:
    """All changes of arrivals and departures in order of time."""
    name = next(name for name in CHANGES if (folder / name).is_file())
    changes = [
        Change(_snapshot(row["snapshot"]), row["stop_id"], row)
        for row in _lines(folder / name)
        if row["ev"] in ("ar", "dp")
    ]
    return sorted(changes, key=lambda change: change.at)


def apply(stops: dict[str, Stop], change: Change, station: str | None) -> None:
    """Let a change be known; a stop that is not planned is added with what the change says of it."""
    row = change.row
    stop = stops.get(change.stop_id)
    if stop is None:
        if not (row["pt"] and row["tl_n"]):
            return
        start = change.stop_id.rsplit("-", 2)[1]
        stop = Stop(row.get("station") or station or "", row["tl_c"], row["tl_n"], row["l"], start, Event(), Event())
        stops[change.stop_id] = stop
    event = stop.arrival if row["ev"] == "ar" else stop.departure
    event.known = True
    event.planned = event.planned or row["pt"]
    event.actual = row["ct"] or event.actual
    event.platform = row["cp"] or event.platform
    event.path = row["cpth"] or event.path
    if row["cs"]:
        event.state, event.state_at = row["cs"], change.at


def _station(line: dict[str, str], station: str | None, folder: Path) -> str:
    name = line.get("station") or station
    if name is None:
        raise UserError(f"{folder} does not name its station: give --station, as the boards name it")
    return name


def _snapshot(text: str) -> int:
    if "T" not in text:
        return milliseconds(text)
    return berlin_time.milliseconds(datetime.fromisoformat(text).replace(tzinfo=berlin_time.BERLIN))


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
