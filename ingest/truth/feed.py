"""One station's recorded IRIS feed: ``plan_stops.csv.gz`` and ``changes_dedup.csv.gz`` as true stops.

Planned times are ``YYMMDDHHMM`` on Berlin's clocks. A change carries the new time ``ct`` and the state ``cs`` (``c``
cancelled, ``p`` planned again, ``a`` added); the last of each is what happened. A stop that was added has its planned
time and train in the changes alone.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ingest.truth.comparison import TrueStop
from udfs import clock

PLAN, CHANGES = "plan_stops.csv.gz", "changes_dedup.csv.gz"


class _Event:
    """A stop's arrival or departure."""

    def __init__(self) -> None:
        self.planned = ""
        self.actual = ""
        self.state = ""
        self.state_known = 0

    @property
    def runs(self) -> bool:
        return bool(self.planned) and self.state != "c"


class _Stop:
    def __init__(self) -> None:
        self.category = self.number = ""
        self.events = {"ar": _Event(), "dp": _Event()}


def read(folder: Path, station: str) -> Iterator[TrueStop]:
    """All stops of a recorded feed, as one who looks back knows them."""
    stops: defaultdict[str, _Stop] = defaultdict(_Stop)
    for line in _lines(folder / PLAN):
        stop = stops[line["stop_id"]]
        stop.category, stop.number = line["category"], line["train_number"]
        stop.events["ar"].planned, stop.events["dp"].planned = line["ar_pt"], line["dp_pt"]
    for line in _lines(folder / CHANGES):
        if line["ev"] not in ("ar", "dp"):
            continue
        stop = stops[line["stop_id"]]
        event = stop.events[line["ev"]]
        stop.category, stop.number = stop.category or line["tl_c"], stop.number or line["tl_n"]
        event.planned = event.planned or line["pt"]
        event.actual = line["ct"] or event.actual
        if line["cs"]:
            snapshot = datetime.fromisoformat(line["snapshot"]).replace(tzinfo=clock.BERLIN)
            event.state, event.state_known = line["cs"], clock.milliseconds(snapshot)
    for stop in stops.values():
        arrival, departure = stop.events["ar"], stop.events["dp"]
        if stop.number and (arrival.planned or departure.planned):
            yield _true_stop(station, stop, arrival, departure)


def _true_stop(station: str, stop: _Stop, arrival: _Event, departure: _Event) -> TrueStop:
    if departure.runs:
        kind, event = "departed", departure
    elif arrival.runs:
        kind, event = "terminated", arrival
    else:
        kind, event = "cancelled", departure if departure.planned else arrival
    planned = _minute(event.planned)
    actual = _minute(event.actual) if event.actual else planned
    return TrueStop(
        station=station,
        train=f"{stop.category} {stop.number}",
        planned_wall=clock.wall_minutes(_minute(departure.planned or arrival.planned)),
        kind=kind,
        planned=clock.milliseconds(planned),
        delay=None if kind == "cancelled" else int((actual - planned).total_seconds()) // 60,
        known_at=max(arrival.state_known, departure.state_known),
        undecidable=None,
    )


def _minute(text: str) -> datetime:
    return datetime.strptime(text, "%y%m%d%H%M").replace(tzinfo=clock.BERLIN)


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
