"""Boards rebuilt from a recorded IRIS feed: what DBF would have answered with all that was known at a moment.

The rules of db-fakedisplay: a row shows from 180 minutes before its planned arrival (departure where it starts) until
its believed departure (arrival where it ends), with ``past=1`` an hour longer; rows in the order of that time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from ingest.boards import BoardRecord
from ingest.truth import iris
from udfs import clock

_AHEAD = 180 * 60_000
_PAST = 60 * 60_000
_LONGEST = 12 * 60 * 60_000
"""A row later than this is not looked for."""


def rebuild(
    folder: Path, station: str | None, begin: datetime, end: datetime, *, every: int, past: bool
) -> Iterator[BoardRecord]:
    """Boards of every station of a feed, each ``every`` seconds from ``begin`` to ``end`` (aware), in order of time."""
    stops = iris.read_plan(folder, station)
    changes = iter(iris.read_changes(folder))
    at_station: defaultdict[str, list[str]] = defaultdict(list)
    for stop_id, stop in stops.items():
        at_station[stop.station].append(stop_id)
    change = next(changes, None)
    for at in range(clock.milliseconds(begin), clock.milliseconds(end) + 1, every * 1000):
        while change is not None and change.at <= at:
            if change.stop_id not in stops:
                iris.apply(stops, change, station)
                if change.stop_id in stops:
                    at_station[stops[change.stop_id].station].append(change.stop_id)
            else:
                iris.apply(stops, change, station)
            change = next(changes, None)
        for name in sorted(at_station):
            yield BoardRecord(
                station=name,
                body=_body([stops[stop_id] for stop_id in at_station[name]], at, past=past),
                polled_at=clock.instant_datetime(at / 60_000),
                source="replay",
                url=folder.name,
            )


def _body(stops: list[iris.Stop], at: int, *, past: bool) -> bytes:
    rows = []
    for stop in stops:
        first = stop.arrival if stop.arrival.planned else stop.departure
        last = stop.departure if stop.departure.planned else stop.arrival
        shows = iris.milliseconds(first.planned)
        if at - _LONGEST < shows < at + _AHEAD and last.believed >= at - (_PAST if past else 0):
            rows.append((last.believed, _row(stop, at)))
    rows.sort(key=lambda row: row[0])
    return msgspec.json.encode({"departures": [row for _, row in rows]})


def _row(stop: iris.Stop, at: int) -> dict[str, object]:
    arrival, departure = stop.arrival, stop.departure
    path = departure.path.split("|") if departure.planned and departure.path else []
    before = arrival.path.split("|") if arrival.planned and arrival.path else []
    route = [
        *({"name": name} | ({} if arrival.runs else {"isCancelled": 1}) for name in before),
        {"name": stop.station},
        *({"name": name} | ({} if departure.runs else {"isCancelled": 1}) for name in path),
    ]
    runs_on = departure.runs and path
    known = arrival.known or departure.known
    return {
        "delayArrival": arrival.delay if arrival.planned else None,
        "delayDeparture": departure.delay if departure.planned else None,
        "destination": path[-1] if runs_on else stop.station,
        "isCancelled": int(not arrival.runs and not departure.runs),
        "messages": {"delay": [], "qos": []},
        "missingRealtime": not known and iris.milliseconds(stop.start) < at,
        "platform": departure.platform or arrival.platform,
        "route": route,
        "scheduledArrival": _time(arrival.planned),
        "scheduledDeparture": _time(departure.planned),
        "train": f"{stop.category} {stop.line or stop.number}",
        "trainNumber": stop.number,
    }


def _time(planned: str) -> str | None:
    return f"{planned[6:8]}:{planned[8:]}" if planned else None
