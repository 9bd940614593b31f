"""Recorded IRIS feeds, the source behind DBF: planned stops, and every change of an arrival or departure.

A recorded feed is a folder with ``plan_stops.csv.gz`` and the changes of either one station polled every 30 seconds
(``changes_dedup.csv.gz``) or of many stations, where each change names its station (``changes.csv.gz``). Times are
``YYMMDDHHMM`` on Berlin's clocks. A change carries the new time ``ct``, state ``cs`` (``c`` cancelled, ``p`` planned
again, ``a`` added), platform ``cp`` and path ``cpth``; an empty field means unchanged.
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
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.errors import UserError

PLAN = "plan_stops.csv.gz"
CHANGES = ("changes_dedup.csv.gz", "changes.csv.gz")


class Event(msgspec.Struct):
    """An arrival or departure as known so far."""

    planned: str = ""
    """Planned time; empty if there is no such event."""
    actual: str = ""
    """Newest time of the feed; empty before the first."""
    state: str = ""
    """Newest state ``cs``."""
    platform: str = ""
    path: str = ""
    """Stops before the arrival or after the departure, joined by ``|``."""
    known: bool = False
    """True once a change was seen."""
    state_at: Milliseconds = Milliseconds(0)
    """Time at which the feed last set ``state``."""

    @property
    def runs(self) -> bool:
        """Return True if the event exists and is not cancelled."""
        return bool(self.planned) and self.state != "c"

    @property
    def believed(self) -> Milliseconds:
        """Newest time of the feed, else the planned one."""
        return milliseconds(self.actual or self.planned)

    @property
    def delay(self) -> int:
        """Newest delay, minutes."""
        return (self.believed - milliseconds(self.planned)) // MINUTE


class Stop(msgspec.Struct):
    """A train at a station."""

    station: str
    category: str
    number: str
    line: str
    start: str
    """Planned departure of the run from its origin."""
    arrival: Event
    departure: Event


class Change(msgspec.Struct, frozen=True):
    """A change of one arrival or departure."""

    at: Milliseconds
    """Time at which the change was seen."""
    stop_id: str
    row: dict[str, str]


@lru_cache(maxsize=65536)
def milliseconds(text: str) -> Milliseconds:
    """Milliseconds since 1970 UTC of ``YYMMDDHHMM`` on Berlin's clocks."""
    return berlin_time.milliseconds(datetime.strptime(text, "%y%m%d%H%M").replace(tzinfo=berlin_time.BERLIN))


def read_plan(folder: Path, station: str | None) -> dict[str, Stop]:
    """Planned stops by id; ``station`` names the station of a feed whose files do not.

    Raises UserError if neither names it.
    """
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
    """Apply a change to the stops; an unplanned stop is added with what the change says about it."""
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


def _snapshot(text: str) -> Milliseconds:
    if "T" not in text:
        return milliseconds(text)
    return berlin_time.milliseconds(datetime.fromisoformat(text).replace(tzinfo=berlin_time.BERLIN))


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
